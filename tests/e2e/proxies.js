// Runs in the page: an authenticator and its builder where frameworks keep them, behind proxies of their own making.
/* global proveAuth, document, AbortController -- stand in the page: see rig.js */
// The build that needs no eval, which the policy of these pages forbids.
import Alpine from "@alpinejs/csp";
import { createApp, h, isReactive, reactive, readonly } from "vue";

const code = () => ({ resultType: 0, input: { otp: "1234" } });

/** All that a component does, with `this` as the framework hands it out. */
const component = () => ({
  builder: null,
  authenticator: null,
  states: [],
  isProxy: false,
  prepare() {
    this.builder = new proveAuth.AuthenticatorBuilder();
    // Not chained: each call is made on what the framework gives back.
    this.builder.withOtpFallback(() => null, code);
    this.builder.withRole("primary").withAbortSignal(new AbortController().signal);
    this.builder.withAuthFinishStep(() => {});
    this.authenticator = this.builder.build();
    this.isProxy = isReactive(this.authenticator);
  },
  async run(token) {
    const end = this.authenticator.addEventListener("statechange", ({ detail }) => this.states.push(detail.state));
    await this.authenticator.authenticate(token);
    end();
    const found = [this.authenticator.isMobileWeb(), this.authenticator.getFlowType(), this.states.at(-1)];
    this.authenticator.dispose();
    return found;
  },
});

const components = {
  "Vue's data()": () => {
    let made;
    const { prepare, run, ...data } = component();
    const app = { data: () => data, methods: { prepare, run }, render: () => h("p"), mounted() { made = this; } };
    createApp(app).mount(document.body.appendChild(document.createElement("div")));
    return made;
  },
  "Vue's reactive()": () => reactive(component()),
  "Alpine's x-data": () =>
    new Promise((resolve) => {
      // `init` runs with the data as Alpine hands it out, which is no promise, though a Proxy.
      Alpine.data("phone", () => ({ ...component(), init() { resolve({ made: this }); } }));
      document.body.insertAdjacentHTML("beforeend", '<div x-data="phone"></div>');
      Alpine.start();
    }).then(({ made }) => made),
  "a Proxy of the page's own": () => new Proxy(component(), { get: (target, name) => (typeof target[name] === "object" && target[name] ? new Proxy(target[name], {}) : target[name]) }),
};

/** A flow, all calls of which are made through the framework. */
export async function run(where, token) {
  const made = await components[where]();
  made.prepare();
  return { isProxy: made.isProxy, found: await made.run(token) };
}

/** Frozen as deep as it goes, and read only. */
export async function runFrozen(token) {
  const built = component();
  built.prepare();
  const authenticator = readonly(Object.freeze(built.authenticator));
  const running = Object.freeze(authenticator.authenticate(token));
  running.cancel();
  return running;
}
