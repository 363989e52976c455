// Runs in a fresh page: one measurement per page, in ms of performance.now().

/** A test user whose code is 1234. */
const TEST_USER = "2001001693";
const CODE = "1234";

async function post(path, body, headers = {}) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return response.json();
}

const bearer = (authToken) => ({ Authorization: `Bearer ${authToken}` });

async function timed(body) {
  const start = performance.now();
  await body();
  return performance.now() - start;
}

/** Opens the link in the SMS to `number`, as the phone would. */
async function openLink(number) {
  const [message] = await (await fetch(`/sandbox/messages?to=${number}&wait=20`)).json();
  await fetch(message.url, { redirect: "manual" });
}

async function authenticator(build) {
  const { AuthenticatorBuilder } = await import("./handset.js");
  return build(new AuthenticatorBuilder().withAuthFinishStep(() => {})).build();
}

/** The measurements. Each takes an unused number and resolves with a duration. */
const measurements = {
  /** From the import to the first answer of the module. */
  "import, ours": () =>
    timed(async () => {
      const { AuthenticatorBuilder } = await import("./handset.js");
      new AuthenticatorBuilder().build().isMobileWeb();
    }),
  "import, baseline": () => timed(async () => (await import("./empty.js")).isMobileWeb()),

  /** The first constructor, some time after the import: with and without `preload()` before it. */
  "first, ours": async () => {
    const { AuthenticatorBuilder, preload } = await import("./handset.js");
    await preload();
    return timed(() => new AuthenticatorBuilder().build().isMobileWeb());
  },
  "first, baseline": async () => {
    const { AuthenticatorBuilder } = await import("./handset.js");
    return timed(() => new AuthenticatorBuilder().build().isMobileWeb());
  },

  "code, ours": async () => {
    const { authToken } = await post("/demo/start", { flowType: "mobile", phoneNumber: TEST_USER });
    const ready = await authenticator((builder) =>
      builder.withOtpFallback(() => null, () => ({ resultType: 0, input: { otp: CODE } })),
    );
    return timed(() => ready.authenticate(authToken));
  },
  "code, baseline": async () => {
    const { authToken } = await post("/demo/start", { flowType: "mobile", phoneNumber: TEST_USER });
    return timed(async () => {
      await post("/v1/client/mobile/otp/start", {}, bearer(authToken));
      await post("/v1/client/mobile/otp/finish", { otp: CODE }, bearer(authToken));
    });
  },

  "link, ours": async (phoneNumber) => {
    const { authToken } = await post("/demo/start", { flowType: "desktop", phoneNumber });
    const ready = await authenticator((builder) => builder.withInstantLinkFallback(() => null));
    ready.addEventListener("statechange", ({ detail }) => {
      if (detail.state === "awaiting_link" && detail.expiresAt) void openLink(phoneNumber);
    });
    return timed(() => ready.authenticate(authToken));
  },
  "link, baseline": async (phoneNumber) => {
    const { authToken } = await post("/demo/start", { flowType: "desktop", phoneNumber });
    return timed(async () => {
      const socket = new WebSocket(`/v1/client/status?token=${encodeURIComponent(authToken)}`);
      const done = new Promise((resolve) => socket.addEventListener("message", resolve));
      await post("/v1/client/mobile/instantlink/start", { sourceIp: null, isMobile: false }, bearer(authToken));
      await openLink(phoneNumber);
      await done;
      socket.close();
    });
  },
};

/** The second run in the same page, after the browser has compiled the code. */
const again = (name) => async (phoneNumber) => {
  await measurements[name](phoneNumber);
  return measurements[name](phoneNumber);
};
for (const who of ["ours", "baseline"]) measurements[`code again, ${who}`] = again(`code, ${who}`);

globalThis.measure = (name, phoneNumber) => measurements[name](phoneNumber);
