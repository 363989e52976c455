/**
 * The private state of an object, behind a function. The proxies of frameworks (Vue's `data()`, Alpine) return a function
 * unchanged. A private field would throw on a proxy, and a plain member would become a proxy itself.
 */
const key = Symbol("handset");

export const hide = (object, state) => Object.defineProperty(object, key, { __proto__: null, value: () => state });
export const hidden = (object) => object[key]();
