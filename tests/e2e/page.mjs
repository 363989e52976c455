// The page as a person uses it: by its visible texts.
import assert from "node:assert/strict";

export class VerifyPage {
  constructor(page, sandbox) {
    this.page = page;
    this.sandbox = sandbox;
    this.status = page.locator("#status");
    this.problem = page.locator("#problem");
    this.codeField = page.getByLabel("Code from the SMS");
    this.linkTitle = page.getByRole("heading", { name: "Open the link on the phone" });
    this.result = page.locator("#result");
    this.resultTitle = page.locator("#result-title");
  }

  static async open(page, sandbox) {
    await page.goto(sandbox.origin);
    return new VerifyPage(page, sandbox);
  }

  button(name) {
    return this.page.locator("#verify").getByRole("button", { name });
  }

  numberField() {
    return this.page.locator("#verify").getByRole("textbox", { name: "Phone number" });
  }

  /** SMS to a number on the drawn phone, newest first. */
  messages(to) {
    return this.page.locator("#phone").getByRole("listitem").filter({ hasText: `To ${to}` });
  }

  /** The newest SMS to a number on the drawn phone. */
  message(to) {
    return this.messages(to).first();
  }

  /** The page in the browser of the drawn phone. */
  phonePage() {
    return this.page.frameLocator("#phone-page");
  }

  proofBy(flow) {
    return this.page.getByRole("radio", { name: flow === "mobile" ? "Code" : "Link", exact: true });
  }

  /** Chooses a flow and starts it. Without `number` the page asks for it during the flow. */
  async start({ flow, number, retry = true }) {
    if (flow) await this.proofBy(flow).check();
    await this.set({ asks: !number, retry });
    if (number) await this.numberField().fill(number);
    await this.button("Continue").click();
  }

  /** Opens the settings and sets them: whether the page asks for the number, and whether a second try of a code is allowed. */
  async set({ asks, retry }) {
    const { page } = this;
    const who = page.locator(`[name=number-from][value=${asks ? "page" : "server"}]`);
    const tries = page.locator("#allow-retry");
    if ((await who.isChecked()) && (await tries.isChecked()) === retry) return;
    await page.getByRole("button", { name: "Settings", exact: true }).click();
    await who.check();
    await tries.setChecked(retry);
    await page.getByRole("button", { name: "Close the settings" }).click();
  }

  /** The arrows of the diagram, in order. */
  arrows() {
    return this.page.locator("#arrows > li").evaluateAll((items) =>
      items.map((item) => {
        const words = (selector) => item.querySelector(selector)?.textContent.trim() ?? "";
        return { event: Number(item.dataset.event ?? 0), who: words(".unseen"), what: words(".label"), kind: item.className };
      }),
    );
  }

  async giveNumber(number) {
    await this.numberField().fill(number);
    await this.button("Send the SMS").click();
  }

  async giveCode(code) {
    await this.codeField.fill(code);
    await this.button("Check the code").click();
  }

  async ends(outcome, kind = "") {
    await this.resultTitle.waitFor();
    const said = await this.result.evaluate(({ dataset, innerText }) => ({ ...dataset, innerText }));
    assert.deepEqual([said.outcome, said.kind], [outcome, kind], said.innerText);
  }

  async says(text) {
    await this.page.locator("#verify").getByText(text).first().waitFor();
  }
}

/** A wrong code of the same length. */
export const wrongCode = (code) => code.replace(/./g, (digit) => String((Number(digit) + 1) % 10));
