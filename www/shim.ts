/**
 * What puts the page to sleep, tells it a wrong time and cuts its network, from within.
 *
 * A page cannot freeze itself. This stands between the page and the browser's timers, fetch and WebSocket instead, and
 * holds their callbacks back for as long as the page is said to sleep. It is loaded before the page. What surrounds the
 * page (the phone, the diagram, the switches) uses `real`, and stays awake.
 */

/** The browser's own. */
export const real = {
  setTimeout: setTimeout.bind(globalThis),
  clearTimeout: clearTimeout.bind(globalThis),
  fetch: fetch.bind(globalThis),
  now: Date.now.bind(Date),
};
const RealSocket = WebSocket;

/** Lets callbacks through, or holds them back, in order. */
class Gate {
  #held: (() => void)[] | undefined;

  get isShut(): boolean {
    return this.#held !== undefined;
  }

  pass(callback: () => void): void {
    if (this.#held) this.#held.push(callback);
    else callback();
  }

  /** Resolves when nothing is held back. */
  opened(): Promise<void> {
    return new Promise((resolve) => this.pass(resolve));
  }

  shut(): void {
    this.#held ??= [];
  }

  open(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    // Each on its own: one that throws keeps nothing from the others.
    for (const callback of held) queueMicrotask(callback);
  }
}

const gate = new Gate();
let clockShiftMs = 0;
let isOffline = false;

// ---------------------------------------------------------------------------------------------------------- timers

/** Those whose callback has not run yet. */
const timers = new Set<number>();

function gatedTimeout(handler: TimerHandler, ms?: number, ...given: unknown[]): number {
  const id = real.setTimeout(() => {
    gate.pass(() => {
      // It may have been cleared while it was held back.
      if (timers.delete(id) && typeof handler === "function") (handler as (...given: unknown[]) => void)(...given);
    });
  }, ms);
  timers.add(id);
  return id;
}

function gatedClear(id?: number): void {
  if (id !== undefined) timers.delete(id);
  real.clearTimeout(id);
}

// ----------------------------------------------------------------------------------------------------------- fetch

async function gatedFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const response = await real.fetch(input, init).finally(() => gate.opened());
  // The body may arrive later than the head, and in the middle of a sleep.
  for (const read of ["text", "json"] as const) {
    const own = response[read].bind(response) as () => Promise<never>;
    response[read] = () => own().finally(() => gate.opened());
  }
  return response;
}

// ------------------------------------------------------------------------------------------------------- WebSocket

type Listener = (event: Event) => void;

/** A socket whose events wait while the page sleeps. */
class GatedSocket extends RealSocket {
  #listeners = new Map<string, Map<unknown, Listener>>();

  override addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void {
    if (!listener) return;
    const ofType = this.#listeners.get(type) ?? new Map<unknown, Listener>();
    this.#listeners.set(type, ofType);
    const gated: Listener = (event) => {
      gate.pass(() => {
        // It may have been removed while the event was held back.
        if (ofType.get(listener) !== gated) return;
        if (typeof listener === "function") listener.call(this, event);
        else listener.handleEvent(event);
      });
    };
    ofType.set(listener, gated);
    super.addEventListener(type, gated, options);
  }

  override removeEventListener(type: string, listener: EventListenerOrEventListenerObject | null): void {
    const ofType = this.#listeners.get(type);
    const gated = ofType?.get(listener);
    ofType?.delete(listener);
    if (gated) super.removeEventListener(type, gated);
  }
}

// --------------------------------------------------------------------------------------------------- what it can do

/** The page sleeps: it is hidden, and nothing that it waits for reaches it until it wakes. */
export function sleep(): void {
  if (gate.isShut) return;
  gate.shut();
  for (const event of ["visibilitychange", "freeze"]) document.dispatchEvent(new Event(event));
}

/** The page wakes. What it waited for reaches it in the order in which it came. */
export function wake(): void {
  if (!gate.isShut) return;
  gate.open();
  for (const event of ["resume", "visibilitychange"]) document.dispatchEvent(new Event(event));
}

/** How far the page's clock is off from now on, in ms. */
export function shiftClock(ms: number): void {
  clockShiftMs = ms;
}

/** Says to the page that it has lost or found its network. */
export function sayOffline(offline: boolean): void {
  if (offline === isOffline) return;
  isOffline = offline;
  gate.pass(() => window.dispatchEvent(new Event(offline ? "offline" : "online")));
}

/** Puts `value` in front of what the browser says, wherever it says something. */
function override<Target extends object>(target: Target, name: keyof Target, type: { prototype: Target }, value: () => unknown): void {
  const own = Object.getOwnPropertyDescriptor(type.prototype, name);
  Object.defineProperty(target, name, { configurable: true, get: () => value() ?? (own?.get?.call(target) as unknown) });
}

Date.now = () => real.now() + clockShiftMs;
globalThis.setTimeout = gatedTimeout as typeof setTimeout;
globalThis.clearTimeout = gatedClear;
globalThis.fetch = gatedFetch;
globalThis.WebSocket = GatedSocket;
override(document, "hidden", Document, () => gate.isShut || undefined);
override(document, "visibilityState", Document, () => (gate.isShut ? "hidden" : undefined));
override(navigator, "onLine", Navigator, () => (isOffline ? false : undefined));
