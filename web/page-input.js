// The three ways for a photo to get into the page: chosen, dropped anywhere, or pasted.

/**
 * @param {HTMLInputElement} input the file chooser
 * @param {(photo: File) => void} onPhoto told every new file, of whatever type: the engine knows what it can read
 */
export function listenForPhotos(input, onPhoto) {
  const take = files => {
    if (files?.length) onPhoto(files[0]);
  };
  listenForChoice(input, take);
  listenForDrop(take);
  document.addEventListener('paste', event => take(event.clipboardData?.files));
}

function listenForChoice(input, take) {
  input.addEventListener('change', () => {
    take(input.files);
    input.value = ''; // so that choosing the same file once more is a change again
  });
}

function listenForDrop(take) {
  const mark = dragging => document.body.classList.toggle('dragging', dragging);
  const listen = (type, handle) => document.addEventListener(type, event => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault(); // or the browser leaves the page to show the file
    handle(event);
  });

  listen('dragover', () => mark(true));
  // Leaving one element for the next is also a "dragleave"; nothing is entered only at the edge of the window.
  listen('dragleave', event => event.relatedTarget ?? mark(false));
  listen('drop', event => {
    mark(false);
    take(event.dataTransfer.files);
  });
}
