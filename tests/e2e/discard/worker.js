/* global chrome -- an extension has it */
const tabOf = async (url) => (await chrome.tabs.query({})).find((tab) => tab.url.startsWith(url));

/** Discards the tab of this URL; returns whether Chrome did. */
globalThis.discard = async (url) => (await chrome.tabs.discard((await tabOf(url)).id)).discarded;

/** Goes back to the tab of this URL, which Chrome then loads again. */
globalThis.goBackTo = async (url) => void (await chrome.tabs.update((await tabOf(url)).id, { active: true }));
