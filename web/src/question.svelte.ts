/** A question that is kept fresh: asked when its address changes and again when the answer has grown old; never in a hidden tab. */
import { untrack } from "svelte";
import { ask, QuestionError } from "./ask";

export class Question<T> {
  /** The newest answer to the present address; null before it is there. */
  answer = $state.raw<T | null>(null);
  failure = $state<string | null>(null);
  private retries = $state(0);
  /** How often it was asked, and which of these times the newest answer is of: a late one must not put an older answer in its place. */
  private asked = 0;
  private answered = 0;

  /**
   * `address` null asks nothing. `about`: what the answer tells more of; when that is another than before, it is asked again.
   * To be made while a component is being built: the asking ends with it.
   */
  constructor(address: () => string | null, read: (body: unknown) => T | null, refreshMs: number, about: () => unknown = () => null) {
    // Only another address asks anew, not every change of what it is made from.
    const wanted = $derived(address());
    $effect(() => {
      void this.retries;
      const url = wanted;
      this.answer = null;
      this.failure = null;
      if (url === null) return;
      const controller = new AbortController();
      let askedAt = -Infinity;
      let askedAbout: unknown;
      const look = (): void => {
        const now = untrack(about);
        if (document.hidden || (now === askedAbout && performance.now() - askedAt < refreshMs)) return;
        askedAt = performance.now();
        askedAbout = now;
        void this.ask(url, controller.signal, read);
      };
      look();
      const timer = window.setInterval(look, 1000);
      return () => {
        window.clearInterval(timer);
        controller.abort();
      };
    });
  }

  retry(): void {
    this.retries += 1;
  }

  private async ask(url: string, signal: AbortSignal, read: (body: unknown) => T | null): Promise<void> {
    const turn = ++this.asked;
    const isLate = (): boolean => signal.aborted || turn < this.answered;
    try {
      const answer = read(await ask(url, signal));
      if (isLate()) return;
      this.answered = turn;
      if (answer === null) throw new QuestionError("The answer could not be read.");
      this.answer = answer;
      this.failure = null;
    } catch (error) {
      if (isLate()) return;
      if (!(error instanceof QuestionError)) throw error;
      this.failure = error.message;
    }
  }
}
