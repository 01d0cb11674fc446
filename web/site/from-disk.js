// Says at once that a page which was opened by a double click cannot work: from the disk (file:) browsers load no modules,
// such as page.js. This script is none, so it runs there, too.

if (location.protocol === 'file:') {
  const search = /** @type {HTMLElement} */ (document.querySelector('heybagh-search'));
  const advice = document.createElement('p');
  advice.append('Run ', code('python3 -m http.server'), ' in its folder, for example, and open ', code('http://localhost:8000/'), '.');
  // page.css shows it in the place of the search
  search.dataset.problem = 'This page was opened from the disk, and a browser loads only a part of it from there. It needs a web server.';
  search.setAttribute('role', 'alert');
  search.after(advice);
}

/** @param {string} text */
function code(text) {
  const element = document.createElement('code');
  element.textContent = text;
  return element;
}
