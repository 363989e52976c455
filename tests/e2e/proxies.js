// Runs in the page: an authenticator and its builder in the state of frameworks, behind the frameworks' proxies.
/* global proveAuth, document, AbortController -- stand in the page: see rig.js */
// The build without eval, which the policy of these pages forbids.
import Alpine from "@alpinejs/csp";
import { createApp, h, isReactive, reactive, readonly } from "vue";

const code = () => ({ resultType: 0, input: { otp: "1234" } });

/** A component whose `this` is the framework's proxy. */
const component = () => ({
  builder: null,
  authenticator: null,
  states: [],
  isProxy: false,
  prepare() {
    this.builder = new proveAuth.AuthenticatorBuilder();
    // Not chained, so that each call is on the framework's proxy.
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
      // `init` runs with Alpine's proxy as `this`. It is wrapped, so that the promise does not treat it as a thenable.
      Alpine.data("phone", () => ({ ...component(), init() { resolve({ made: this }); } }));
      document.body.insertAdjacentHTML("beforeend", '<div x-data="phone"></div>');
      Alpine.start();
    }).then(({ made }) => made),
  "a Proxy of the page's own": () => new Proxy(component(), { get: (target, name) => (typeof target[name] === "object" && target[name] ? new Proxy(target[name], {}) : target[name]) }),
};

/** Runs a flow with all calls through the framework. */
export async function run(where, token) {
  const made = await components[where]();
  made.prepare();
  return { isProxy: made.isProxy, found: await made.run(token) };
}

/** Runs a flow with a deeply frozen authenticator. */
export async function runFrozen(token) {
  const built = component();
  built.prepare();
  const authenticator = readonly(Object.freeze(built.authenticator));
  const running = Object.freeze(authenticator.authenticate(token));
  running.cancel();
  return running;
}
