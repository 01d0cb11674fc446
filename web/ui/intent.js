// Notices that somebody is about to search, so that loading can begin.

/**
 * @param {HTMLElement} element
 * @param {() => void} act called once
 * @returns {() => void} stops listening
 */
export function listenForIntent(element, act) {
  // A pointer that only passes by should not cost a visitor data who wants to save it.
  const { connection } = /** @type {{connection?: {saveData: boolean}}} */ (navigator); // not in every browser
  const types = ['focusin', 'dragenter', 'pointerdown', ...(connection?.saveData ? [] : ['pointerenter'])];
  const stop = () => {
    for (const type of types) element.removeEventListener(type, once);
  };
  const once = () => {
    stop();
    act();
  };
  for (const type of types) element.addEventListener(type, once, { passive: true });
  return stop;
}

/**
 * @param {HTMLElement} element
 * @param {() => void} act called once, when the element is about to be seen
 * @returns {() => void} stops looking
 */
export function whenNearlySeen(element, act) {
  const observer = new IntersectionObserver(entries => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    observer.disconnect();
    act();
  }, { rootMargin: '200px' });
  observer.observe(element);
  return () => observer.disconnect();
}
