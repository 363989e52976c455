/**
 * Where an object keeps what is its own: behind a function. The proxies of frameworks (Vue's `data()`, Alpine) hand out a
 * function as it is; a private field would refuse the proxy, and a plain member would be made a proxy of its own.
 */
const key = Symbol("handset");

export const hide = (object, state) => Object.defineProperty(object, key, { __proto__: null, value: () => state });
export const hidden = (object) => object[key]();
