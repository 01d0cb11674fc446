// Explains at once why a page that was opened by a double click does not work: browsers load no modules from the disk
// (file:), and page.js is one. This script is not, so it runs there.

if (location.protocol === 'file:') {
  const search = /** @type {HTMLElement} */ (document.querySelector('heybagh-search'));
  const advice = document.createElement('p');
  advice.append('For example, run ', code('python3 -m http.server'), ' in the folder of this page, and open ', code('http://localhost:8000/'), '.');
  // page.css shows this in place of the search.
  search.dataset.problem = 'This page was opened from the disk. A search needs a web server.';
  search.setAttribute('role', 'alert');
  search.after(advice);
}

/** @param {string} text */
function code(text) {
  const element = document.createElement('code');
  element.textContent = text;
  return element;
}
