/**
 * Work in pieces: each piece is a browser task of its own, and what the one before it changed is painted first.
 * Without this the whole page would be built, filled and laid out in one task of some hundred milliseconds.
 */

/** Goes on in a task of its own after the next frame, so that layout and script never share one; a hidden tab has no frames to wait for. */
export function afterFrame(action: () => void): void {
  if (document.hidden) setTimeout(action);
  else
    requestAnimationFrame(() => {
      setTimeout(action);
    });
}

/** The same for `await`. */
export function nextPiece(): Promise<void> {
  return new Promise((resolve) => {
    afterFrame(resolve);
  });
}
