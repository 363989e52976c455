// The page as a person uses it: by what is written on it.
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

  /** The newest SMS to a number, as the page shows it. */
  message(to) {
    return this.page.getByRole("listitem").filter({ hasText: `To ${to},` }).first();
  }

  /** Chooses a flow and starts it. Without `number` the page asks for it during the flow. */
  async start({ flow, number, retry = true }) {
    const { page } = this;
    if (flow) await page.getByRole("radio", { name: flow === "mobile" ? /^Mobile/ : /^Desktop/ }).check();
    await page.getByRole("radio", { name: number ? /^The server has it/ : /^The page asks/ }).check();
    if (number) await this.numberField().fill(number);
    await page.getByRole("checkbox", { name: /three tries/ }).setChecked(retry);
    await this.button("Verify the phone").click();
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

/** Any code but the right one. */
export const wrongCode = (code) => code.replace(/./g, (digit) => String((Number(digit) + 1) % 10));
