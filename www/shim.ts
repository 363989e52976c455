/**
 * Simulates sleep, a wrong clock and a lost network within the page.
 *
 * A page cannot freeze itself. This shim wraps the browser's timers, fetch and WebSocket and holds their callbacks back
 * during the simulated sleep. It must be loaded before the page. The code around the page (the phone, the diagram, the
 * switches) uses `real` and stays awake.
 */

/** The browser's original functions. */
export const real = {
  setTimeout: setTimeout.bind(globalThis),
  clearTimeout: clearTimeout.bind(globalThis),
  fetch: fetch.bind(globalThis),
  now: Date.now.bind(Date),
};
const RealSocket = WebSocket;

/** Passes callbacks on, or holds them back until it opens. Keeps their order. */
class Gate {
  #held: (() => void)[] | undefined;

  get isShut(): boolean {
    return this.#held !== undefined;
  }

  pass(callback: () => void): void {
    if (this.#held) this.#held.push(callback);
    else callback();
  }

  /** Resolves when the gate is open. */
  opened(): Promise<void> {
    return new Promise((resolve) => this.pass(resolve));
  }

  shut(): void {
    this.#held ??= [];
  }

  open(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    // One microtask each, so that an exception in one callback does not stop the others.
    for (const callback of held) queueMicrotask(callback);
  }
}

const gate = new Gate();
let clockShiftMs = 0;
let isOffline = false;

// ---------------------------------------------------------------------------------------------------------- timers

/** Ids of the timers whose callback has not run yet. */
const timers = new Set<number>();

function gatedTimeout(handler: TimerHandler, ms?: number, ...given: unknown[]): number {
  const id = real.setTimeout(() => {
    gate.pass(() => {
      // The timer may have been cleared while its callback was held back.
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
  // The body may arrive after the head, and during a sleep.
  for (const read of ["text", "json"] as const) {
    const own = response[read].bind(response) as () => Promise<never>;
    response[read] = () => own().finally(() => gate.opened());
  }
  return response;
}

// ------------------------------------------------------------------------------------------------------- WebSocket

type Listener = (event: Event) => void;

/** A socket that holds its events back while the page sleeps. */
class GatedSocket extends RealSocket {
  #listeners = new Map<string, Map<unknown, Listener>>();

  override addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void {
    if (!listener) return;
    const ofType = this.#listeners.get(type) ?? new Map<unknown, Listener>();
    this.#listeners.set(type, ofType);
    const gated: Listener = (event) => {
      gate.pass(() => {
        // The listener may have been removed while the event was held back.
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

// ---------------------------------------------------------------------------------------------------------- switches

/** Puts the page to sleep: hidden, and without timers, replies or socket events until it wakes. */
export function sleep(): void {
  if (gate.isShut) return;
  gate.shut();
  for (const event of ["visibilitychange", "freeze"]) document.dispatchEvent(new Event(event));
}

/** Wakes the page. The held callbacks run in their order of arrival. */
export function wake(): void {
  if (!gate.isShut) return;
  gate.open();
  for (const event of ["resume", "visibilitychange"]) document.dispatchEvent(new Event(event));
}

/** Sets the offset of the page's clock, in ms. */
export function shiftClock(ms: number): void {
  clockShiftMs = ms;
}

/** Tells the page that its network is lost or back. */
export function sayOffline(offline: boolean): void {
  if (offline === isOffline) return;
  isOffline = offline;
  gate.pass(() => window.dispatchEvent(new Event(offline ? "offline" : "online")));
}

/** Overrides the getter `name`: an undefined `value()` falls back to the browser's own value. */
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
