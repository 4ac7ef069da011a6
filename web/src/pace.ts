/**
 * Work in pieces: each piece is a browser task of its own, and what the one before it changed is painted first.
 * Without this the whole page would be built, filled and laid out in one task of some hundred milliseconds.
 */

/** A window that is covered may get no frames, without being told that it is hidden: it waits no longer than this. */
const LONGEST_WAIT_MS = 250;

/** Goes on in a task of its own after the next frame, so that layout and script never share one; a hidden tab has no frames to wait for. */
export function afterFrame(action: () => void): void {
  if (document.hidden) {
    setTimeout(action);
    return;
  }
  let done = false;
  const once = (): void => {
    if (done) return;
    done = true;
    clearTimeout(late);
    action();
  };
  const late = setTimeout(once, LONGEST_WAIT_MS);
  requestAnimationFrame(() => {
    setTimeout(once);
  });
}

/** The same for `await`. */
export function nextPiece(): Promise<void> {
  return new Promise((resolve) => {
    afterFrame(resolve);
  });
}
