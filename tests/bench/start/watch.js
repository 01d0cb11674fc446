// Runs in the demo page before its own scripts: hands it a photo as soon as it takes one, and notes when what is there,
// in milliseconds since the navigation. PHOTO, base64, and `tellVisit` come from the driver.

(() => {
  if (location.protocol !== 'http:') return; // the empty page before
  const seen = {};
  const note = what => { seen[what] ??= performance.now(); };

  window.Worker = class extends Worker {
    constructor(...args) {
      super(...args);
      this.addEventListener('message', ({ data: { usage } }) => {
        if (usage) seen.heapBytes = usage.heapBytes;
      });
    }
  };

  function givePhoto() {
    const files = new DataTransfer();
    const bytes = Uint8Array.from(atob(PHOTO), c => c.charCodeAt(0));
    files.items.add(new File([bytes], 'photo.jpg', { type: 'image/jpeg' }));
    const input = document.querySelector('input[type=file]');
    input.files = files.files;
    input.dispatchEvent(new Event('change'));
    note('accepted');
  }

  function look() {
    const status = document.querySelector('[role=status]')?.textContent ?? '';
    if (/^(Ready|Searching)/.test(status)) note('ready');
    if (document.querySelector('[data-path]')) note('first');
    const alert = document.querySelector('[role=alert]')?.textContent;
    const pictures = [...document.querySelectorAll('[data-result] img')];
    if (pictures.length > 0) note('answer');
    if (alert) end(alert);
    else if (pictures.length > 0 && pictures.every(({ complete }) => complete)) end();
  }

  let ended = false;
  function end(error) {
    if (ended) return;
    ended = true;
    note('pictures');
    tellVisit({ seen, error, origin: performance.timeOrigin });
  }

  const everything = { subtree: true, childList: true, characterData: true, attributes: true };
  new MutationObserver(look).observe(document, everything);
  document.addEventListener('load', look, true); // of pictures: it does not bubble
  document.addEventListener('DOMContentLoaded', givePhoto); // the page's module has run
})();
