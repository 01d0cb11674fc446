#include "default_skips.h"

#include <fnmatch.h>
#include <string.h>

typedef enum { FOLDERS, FILES, BOTH } what;

typedef struct {
  const char *pattern; /* for names, in upper or lower case */
  what what;
  const char *label; /* NULL if it is the pattern */
} rule;

/* The first rule that fits counts. */
static const rule rules[] = {
    /* caches and thumbnails */
    {"@eaDir", FOLDERS, NULL},   /* Synology */
    {"@__thumb", FOLDERS, NULL}, /* QNAP */
    {".@__thumb", FOLDERS, NULL},
    {".thumbnails", FOLDERS, NULL}, /* file managers, Android */
    {".xvpics", FOLDERS, NULL},     /* xv, GIMP */
    {"Thumbs.db", FILES, NULL},     /* Windows */
    {"ehthumbs*.db", FILES, NULL},
    {"thumbcache_*.db", FILES, NULL},
    {"*.thm", FILES, NULL},      /* cameras: a JPEG beside a video or raw file */
    {"*.lrdata", FOLDERS, NULL}, /* Lightroom's previews */
    {"*.lrcat-data", FOLDERS, NULL},
    {"CaptureOne", FOLDERS, NULL},       /* its cache and settings */
    {"appdata_oc*", FOLDERS, NULL},      /* Nextcloud's previews */
    {".picasaoriginals", FOLDERS, NULL}, /* pictures as they were before Picasa edited them */
    {"iPod Photo Cache", FOLDERS, NULL}, /* iTunes */
    {"THMBNL", FOLDERS, NULL},           /* cameras of Sony: frames of films */
    {"*@SynoResource", FILES, NULL},
    {"*@SynoEAStream", FILES, NULL},
    {"@sharebin", FOLDERS, NULL},
    {"@tmp", FOLDERS, NULL},
    {"@Transcode", FOLDERS, NULL},     /* QNAP */
    {"ZbThumbnail.info", FILES, NULL}, /* Canon */
    {"pspbrwse.jbf", FILES, NULL},     /* Paint Shop Pro */
    {"__pycache__", FOLDERS, NULL},
    {"node_modules", FOLDERS, NULL}, /* other people's files */
    /* archives of a Mac, what a disk check found, waste-paper baskets */
    {"__MACOSX", FOLDERS, NULL},
    {"._*", BOTH, "AppleDouble (._*)"},
    {"lost+found", FOLDERS, NULL},
    {"$RECYCLE.BIN", FOLDERS, NULL},
    {"RECYCLER", FOLDERS, NULL},
    {"RECYCLED", FOLDERS, NULL},
    {"FOUND.[0-9]*", FOLDERS, NULL},         /* Windows, after a disk check */
    {"LOST.DIR", FOLDERS, NULL},             /* Android */
    {"Network Trash Folder", FOLDERS, NULL}, /* shares for a Mac */
    {"Temporary Items", FOLDERS, NULL},
    {"TheVolumeSettingsFolder", FOLDERS, NULL},
    {"System Volume Information", FOLDERS, NULL},
    {"#recycle", FOLDERS, NULL},
    {"#snapshot", FOLDERS, NULL},
    {"@Recycle", FOLDERS, NULL},
    {"@Recently-Snapshot", FOLDERS, NULL},
    {"~snapshot", FOLDERS, NULL}, /* NetApp */
    /* a second copy of a picture, or half of one */
    {"*~", FILES, "backup (*~)"},
    {"*.bak", FILES, "backup (*.bak)"},
    {"*.old", FILES, "backup (*.old)"},
    {"*.orig", FILES, "backup (*.orig)"},
    {"*_original", FILES, "backup (*_original)"},                      /* ExifTool */
    {"*.sync-conflict-*", FILES, "sync conflict (*.sync-conflict-*)"}, /* Syncthing */
    {"*conflicted copy*", FILES, "sync conflict (*conflicted copy*)"}, /* Dropbox, Nextcloud */
    {"*_conflict-[0-9]*", FILES, "sync conflict (*_conflict-*)"},      /* ownCloud */
    {"*\\[conflict\\]*", FILES, "sync conflict (*[conflict]*)"},       /* Google Drive */
    {"*.part", BOTH, "unfinished (*.part)"},
    {"*.partial", BOTH, "unfinished (*.partial)"},
    {"*.crdownload", BOTH, "unfinished (*.crdownload)"},
    {"*.download", BOTH, "unfinished (*.download)"},
    {"*.opdownload", BOTH, "unfinished (*.opdownload)"},
    {"*.filepart", BOTH, "unfinished (*.filepart)"},
    {"*.!ut", BOTH, "unfinished (*.!ut)"},
    {"*.!qb", BOTH, "unfinished (*.!qb)"},
    {"*.crswap", FILES, "unfinished (*.crswap)"},
    {"*.tmp", FILES, "unfinished (*.tmp)"},
    {"*.temp", FILES, "unfinished (*.temp)"},
    /* all else whose name begins with a dot */
    {".*", BOTH, "hidden (.*)"},
};

#define RULES (sizeof rules / sizeof *rules)

static bool matches(const char *pattern, const char *name) { return fnmatch(pattern, name, FNM_CASEFOLD) == 0; }

static bool matches_one(const char *const *patterns, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (matches(patterns[i], name)) return true;
  return false;
}

/* Libraries of Photos, iPhoto and Aperture are folders, old ones without an ending. A few of the folders in them hold
 * pictures, the others previews. */
static bool is_library_part(const char *parent, const char *name) {
  static const char *const libraries[] = {"*.photoslibrary", "*.photolibrary", "*.migratedphotolibrary",
                                          "*.aplibrary",     "iPhoto Library", "Aperture Library"};
  static const char *const pictures[] = {"originals", "masters", "modified"};
  return matches_one(libraries, sizeof libraries / sizeof *libraries, parent) &&
         !matches_one(pictures, sizeof pictures / sizeof *pictures, name);
}

int default_skip_find(const char *parent, const char *name, bool is_folder) {
  for (size_t i = 0; i < RULES; i++)
    if (rules[i].what != (is_folder ? FILES : FOLDERS) && matches(rules[i].pattern, name)) return (int)i;
  return is_folder && is_library_part(parent, name) ? (int)RULES : -1;
}

const char *default_skip_label(int number) {
  if (number == (int)RULES) return "parts of a photo library that are not its originals";
  const rule *r = &rules[number];
  return r->label != NULL ? r->label : r->pattern;
}

_Static_assert(RULES < DEFAULT_SKIPS_MAX, "a count a rule, and one of libraries");
