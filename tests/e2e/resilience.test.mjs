// A page waits for a link while the network between page and backend fails in every way.
import assert from "node:assert/strict";
import { faults, preflight, SOCKET } from "./proxy.mjs";
import { DONE, doneWith, LINK_ERROR, STATUS, suiteThroughProxy, trouble } from "./waiting.mjs";

await suiteThroughProxy("a link awaited through a network that fails", {}, (scenario) => {
  scenario("a dropped socket is replaced, and what happened in between is heard", async ({ proxy, awaiting }) => {
    const flow = await awaiting();
    proxy.dropSockets();
    await flow.openLink();
    assert.deepEqual(await flow.end(), DONE);
  });

  scenario("a dropped socket is replaced while nothing happens, and tells the end", async ({ proxy, awaiting }) => {
    const flow = await awaiting();
    const since = await flow.events();
    proxy.dropSockets();
    await flow.socketIs("reconnecting", since);
    await flow.socketIs("open", since);
    await flow.openLink();
    assert.deepEqual(await flow.end(), DONE);
    assert.equal(proxy.count(SOCKET), 2);
  });

  scenario("a socket that forwards nothing is replaced three seconds after a sign that the page is back", async ({ proxy, awaiting }) => {
    const flow = await awaiting("desktop", { clock: true });
    proxy.halfOpenSockets();
    await flow.openLink();
    await flow.wake();
    // The page's clock also runs by itself.
    await flow.page.clock.runFor(2_000);
    assert.equal(proxy.count(SOCKET), 1);
    await flow.page.clock.runFor(1_000);
    assert.deepEqual(await flow.end(), DONE);
  });

  scenario("a socket that forwards nothing is replaced within a minute without any sign", async ({ proxy, awaiting }) => {
    const flow = await awaiting("desktop", { clock: true });
    proxy.halfOpenSockets();
    await flow.openLink();
    await flow.page.clock.runFor(60_000);
    assert.deepEqual(await flow.end(), DONE);
  });

  scenario("a replaced socket that speaks and closes late is not heard", async ({ proxy, awaiting }) => {
    const flow = await awaiting("desktop", { clock: true });
    const since = await flow.events();
    proxy.halfOpenSockets();
    await flow.wake();
    await flow.page.clock.runFor(3_000);
    await flow.socketIs("reconnecting", since);
    await flow.page.clock.runFor(1_000);
    await flow.socketIs("open", since);
    await proxy.speakLate('{"next":""}');
    await flow.page.clock.runFor(10_000);
    await flow.openLink();
    assert.deepEqual(await flow.end(), DONE);
    assert.deepEqual([proxy.count(SOCKET), proxy.count(STATUS)], [2, 1]);
  });

  scenario("connections are refused for a while: the socket is replaced when they are taken again", async ({ proxy, awaiting, expectTrouble }) => {
    expectTrouble(trouble.socket, trouble.request);
    const flow = await awaiting("desktop", { clock: true });
    const since = await flow.events();
    await proxy.down();
    await flow.socketIs("reconnecting", since);
    for (let seconds = 0; seconds < 10; seconds++) await flow.page.clock.runFor(1_000);
    await proxy.up();
    await flow.openLink();
    // The module polls at the latest after the longest pause.
    for (let seconds = 0; seconds < 10; seconds++) await flow.page.clock.runFor(1_000);
    assert.deepEqual(await flow.end(), DONE);
  });

  for (const [how, fault] of [
    ["refused", faults.answer(403)],
    ["cut", faults.cut()],
  ]) {
    scenario(`where sockets stay ${how} the backend is asked instead`, async ({ proxy, awaiting, expectTrouble }) => {
      expectTrouble(trouble.socket);
      const flow = await awaiting("desktop", { clock: true });
      proxy.fault(SOCKET, fault);
      proxy.dropSockets();
      for (let asked = 1; asked <= 6; asked++) {
        await proxy.seen(STATUS, asked);
        await flow.page.clock.runFor(10_000);
      }
      await flow.socketIs("polling");
      await flow.openLink();
      await flow.page.clock.runFor(10_000);
      assert.deepEqual(await flow.end(), DONE);
    });
  }

  scenario("where handshakes hang the backend is asked instead", async ({ proxy, awaiting }) => {
    const flow = await awaiting("desktop", { clock: true });
    proxy.fault(SOCKET, faults.hang());
    // Wait for the reply first: otherwise it could already report the opened link.
    const answered = flow.page.waitForResponse((response) => response.url().endsWith(STATUS));
    proxy.dropSockets();
    await answered;
    await flow.openLink();
    await flow.page.clock.runFor(1_000);
    await proxy.seen(SOCKET, 2);
    await flow.page.clock.runFor(20_000);
    assert.deepEqual(await flow.end(), DONE);
    assert.equal(proxy.count(STATUS), 2);
  });

  scenario("a slow handshake goes through", async ({ proxy, awaiting }) => {
    const flow = await awaiting();
    let release;
    proxy.fault(SOCKET, faults.hold(new Promise((resolve) => (release = resolve))), 1);
    const since = await flow.events();
    proxy.dropSockets();
    await proxy.seen(SOCKET, 2);
    await flow.openLink();
    release();
    await flow.socketIs("open", since);
    assert.deepEqual(await flow.end(), DONE);
  });

  for (const [lack, fault, said] of [
    ["404", faults.answer(404), trouble.status(404)],
    ["405", faults.answer(405), trouble.status(405)],
    ["200 that the page may not read", faults.answer(200, { cors: false, body: '{"next":"done"}' }), /CORS/],
    ["401 that the page may not read", faults.answer(401, { cors: false }), /CORS/],
    ["200 that is no JSON", faults.answer(200, { body: "<html>" }), undefined],
    ["500", faults.answer(500), trouble.status(500)],
    ["no answer but a cut", faults.cut(), trouble.request],
  ]) {
    scenario(`a backend without the status call (${lack}) is heard by sockets alone`, async ({ proxy, awaiting, expectTrouble }) => {
      if (said) expectTrouble(said);
      if (/CORS|ERR_/.test(said?.source)) expectTrouble(trouble.request);
      proxy.fault(STATUS, fault);
      const flow = await awaiting();
      proxy.dropSockets();
      await flow.openLink();
      assert.deepEqual(await flow.end(), DONE);
      assert.deepEqual([proxy.count(STATUS), proxy.count(SOCKET)], [1, 2]);
    });
  }

  scenario("a backend whose status call no page of another origin may make is heard by sockets alone", async ({ proxy, awaiting, expectTrouble }) => {
    expectTrouble(/CORS/, trouble.request);
    proxy.fault(preflight(STATUS), faults.answer(405, { cors: false }));
    const flow = await awaiting();
    proxy.dropSockets();
    await flow.openLink();
    assert.deepEqual(await flow.end(), DONE);
    assert.deepEqual([proxy.count(STATUS), proxy.count(SOCKET)], [0, 2]);
  });

  scenario("with neither socket nor status call to the deadline the link ends as socket_lost", async ({ proxy, awaiting, expectTrouble, allowTrouble }) => {
    expectTrouble(trouble.socket, trouble.status(404));
    // The module aborts the open request at the deadline.
    allowTrouble(trouble.request);
    const flow = await awaiting("desktop", { clock: true });
    proxy.fault(SOCKET, faults.cut());
    proxy.fault(STATUS, faults.answer(404));
    proxy.dropSockets();
    for (let asked = 1; asked <= 5; asked++) {
      await proxy.seen(STATUS, asked);
      await flow.page.clock.runFor(5_000);
    }
    await flow.page.clock.fastForward(180_000);
    assert.deepEqual(await flow.end(), doneWith("socket_lost"));
    assert.equal(proxy.count(LINK_ERROR), 1);
    assert.equal((await flow.sandbox.validate(flow.correlationId)).success, false);
  });

  scenario("past the deadline the backend is asked once more: the link was opened, and no timeout is reported", async ({ proxy, awaiting }) => {
    const flow = await awaiting("desktop", { clock: true });
    proxy.halfOpenSockets();
    await flow.openLink();
    await flow.page.clock.fastForward(180_000);
    assert.deepEqual(await flow.end(), DONE);
    assert.equal(proxy.count(LINK_ERROR), 0);
    assert.equal((await flow.sandbox.validate(flow.correlationId)).success, true);
  });

  scenario("past the deadline a link that nobody opened is a timeout, told to the backend", async ({ proxy, awaiting }) => {
    const flow = await awaiting("desktop", { clock: true });
    await flow.page.clock.fastForward(180_000);
    assert.deepEqual(await flow.end(), doneWith("link_timeout"));
    assert.deepEqual([proxy.count(STATUS), proxy.count(LINK_ERROR)], [1, 1]);
    assert.equal((await flow.sandbox.validate(flow.correlationId)).success, false);
  });

  scenario("on a backend without the status call a link that nobody opened is a timeout all the same", async ({ proxy, awaiting, expectTrouble }) => {
    expectTrouble(trouble.status(404));
    proxy.fault(STATUS, faults.answer(404));
    const flow = await awaiting("desktop", { clock: true });
    await flow.page.clock.fastForward(180_000);
    assert.deepEqual(await flow.end(), doneWith("link_timeout"));
  });

  scenario("a refused token ends the flow at once", async ({ proxy, awaiting, expectTrouble }) => {
    expectTrouble(trouble.status(401));
    const flow = await awaiting();
    proxy.fault(STATUS, faults.answer(401));
    proxy.dropSockets();
    const end = await flow.end();
    assert.deepEqual([end.rejected.kind, end.finishes, end.last], ["token_expired", [], "failed"]);
  });
});
