// Runs in the page: components under React's StrictMode that start a flow when they mount and end it when they unmount.
// A development build of React mounts, unmounts and mounts each component, to find missing cleanups.
/* global Rig, AbortController, document, requestAnimationFrame -- stand in the page: see rig.js */
import { createElement, StrictMode, useEffect, useRef } from "react";
import { createRoot } from "react-dom/client";

const code = () => ({ resultType: 0, input: { otp: "1234" } });

/** Counts of mounts and unmounts, and the rig and outcome of every flow. */
export const seen = { shown: 0, gone: 0, flows: [] };

const useFlow = (start) =>
  useEffect(() => {
    seen.shown++;
    const { rig, end } = start();
    seen.flows.push({ rig, outcome: rig.outcome });
    return () => {
      seen.gone++;
      end();
    };
  }, []);

/** The ways in which a component may hold its authenticator. */
const components = {
  "cancel() of an authenticator that stays": ({ token }) => {
    const kept = useRef(null);
    useFlow(() => {
      kept.current ??= new Rig({ otpFinish: code }).build();
      const rig = kept.current.start(token);
      const { running } = rig;
      return { rig, end: () => running.cancel() };
    });
    return null;
  },
  "dispose() of an authenticator of its own": ({ token }) => {
    useFlow(() => {
      const rig = new Rig({ otpFinish: code }).build().start(token);
      return { rig, end: () => rig.authenticator.dispose() };
    });
    return null;
  },
  "an abort signal": ({ token }) => {
    useFlow(() => {
      const stop = new AbortController();
      const rig = new Rig({ otpFinish: code });
      rig.builder.withAbortSignal(stop.signal);
      rig.build().start(token);
      return { rig, end: () => stop.abort("gone") };
    });
    return null;
  },
};

export function show(how, token) {
  createRoot(document.body.appendChild(document.createElement("div"))).render(createElement(StrictMode, null, createElement(components[how], { token })));
}

/** Resolves with the ends of all flows, after React has mounted the component twice. */
export async function ends() {
  while (seen.shown < 2) await new Promise((resolve) => requestAnimationFrame(resolve));
  const outcomes = await Promise.all(seen.flows.map(({ outcome }) => outcome));
  const rigs = [...new Set(seen.flows.map(({ rig }) => rig))];
  return { shown: seen.shown, gone: seen.gone, outcomes, finishes: rigs.flatMap(({ finishes }) => finishes).length };
}
