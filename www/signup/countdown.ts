/** A countdown to an absolute time, so that it is right again at the first tick after a sleep. */

export const minutesAndSeconds = (ms: number): string => {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
};

/** Draws the remaining ms: at once, at every full second, and when the page wakes. */
export class Countdown {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #at: number | undefined;
  #draw: (leftMs: number) => void;

  constructor(draw: (leftMs: number) => void) {
    this.#draw = draw;
    for (const event of ["visibilitychange", "pageshow"]) addEventListener(event, () => this.#tick(), true);
  }

  /** Counts to `at`, in epoch ms of the page's clock; stops if `at` is undefined. */
  to(at: number | undefined): void {
    this.#at = at;
    this.#tick();
  }

  #tick(): void {
    clearTimeout(this.#timer);
    if (this.#at === undefined) return;
    const left = Math.max(0, this.#at - Date.now());
    this.#draw(left);
    if (left > 0) this.#timer = setTimeout(() => this.#tick(), left % 1000 || 1000);
  }
}
