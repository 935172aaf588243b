// Vaults by hand: one is made, a credential is put in, replaced, archived, deleted; its value is never seen again, and what this release makes of it is said.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findViolations } from "../../support/axe.ts";
import { type Browser, findChromium } from "../../support/browser.ts";
import { findIn } from "../../support/canary.ts";
import { openDashboard } from "../../support/open-dashboard.ts";
import { sweepSystem } from "../../support/sweep.ts";
import { type System, startSystem } from "../../support/system.ts";

const chromium = findChromium();
const VALUE = "ghp_typed_by_hand_0123456789";

describe.skipIf(!chromium)("vaults", () => {
  let system: System;
  let browser: Browser;

  beforeAll(async () => {
    system = await startSystem({ ui: true });
    browser = await openDashboard(chromium, system);
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await system?.dispose();
  });

  const dialog = () => browser.page.getByRole("dialog");
  const looked = async (name: string) => {
    expect(await findViolations(browser.page)).toEqual([]);
    await browser.screenshots(name);
  };
  /** Nothing in the page, in any field or in what the browser keeps. */
  async function nowhere(value: string): Promise<void> {
    const seen = await browser.page.evaluate<string>(
      `document.documentElement.outerHTML + [...document.querySelectorAll("input,textarea")].map((one) => one.value).join()
        + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)`,
    );
    expect(seen).not.toContain(value);
  }

  test("one is made, and a credential put in by the keyboard; its value is not shown again", async () => {
    const { page } = browser;
    await page.goto(`${system.url}/vaults`);
    await page.getByText("No vaults").waitFor();
    await page.getByText("Sandboxes hold placeholders").waitFor();
    await looked("vaults-empty");
    await page.getByLabel("Name of a new vault").fill("Production");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/vaults\/vlt_/);
    await page.getByRole("heading", { name: "Production" }).waitFor();
    await page.getByText("Nothing is in this vault yet.").waitFor();
    await page.getByText("Sandboxes hold placeholders").waitFor();

    await page.getByRole("button", { name: "Add credential" }).click();
    await page.getByText("Name the hosts that it may be sent to.").waitFor();
    await looked("vault-refused");
    await page.getByLabel("Variable", { exact: true }).fill("GITHUB_TOKEN");
    await page.getByLabel("Value", { exact: true }).fill(VALUE);
    await page.getByLabel("Hosts", { exact: true }).fill("*.com");
    await page.keyboard.press("Tab");
    await page.getByRole("button", { name: "Add credential" }).click();
    await page.getByText(/is too wide/).waitFor();
    expect(await page.getByLabel("Value", { exact: true }).getAttribute("type")).toBe("password");
    await page.getByLabel("Hosts", { exact: true }).fill("api.github.com\n*.example.com");
    await page.getByLabel("Paths").fill("repos/acme");
    await page.getByLabel("Methods").fill("get, head");
    await page.getByLabel("Name in lists").fill("CI token");
    await page.getByRole("button", { name: "Add credential" }).click();
    await page.getByText("Each begins with a slash").waitFor();
    await page.getByLabel("Paths").fill("/repos/acme");
    await page.getByRole("button", { name: "Add credential" }).click();
    const row = page.getByRole("list", { name: "Credentials" }).getByRole("listitem");
    await row.getByText("CI token").waitFor();
    await row.getByText("api.github.com, *.example.com; below /repos/acme; GET, HEAD only").waitFor();
    await page.getByText("Stored", { exact: true }).waitFor();
    await nowhere(VALUE);
    await page.getByLabel("Kind").selectOption("User and password");
    await looked("vault");
    await page.reload();
    await row.getByText("CI token").waitFor();
    await nowhere(VALUE);
  });

  test("a second one for the same variable is refused with both names", async () => {
    const { page } = browser;
    await page.getByLabel("Variable", { exact: true }).fill("GITHUB_TOKEN");
    await page.getByLabel("Value", { exact: true }).fill(`${VALUE}-2`);
    await page.getByLabel("Any host that the session's environment allows").check();
    await page.getByRole("button", { name: "Add credential" }).click();
    await page.getByText(/"CI token" .* are both for the variable GITHUB_TOKEN/).waitFor();
    await page.getByLabel("Variable", { exact: true }).fill("OTHER_TOKEN");
    await page.getByRole("button", { name: "Add credential" }).click();
    await page.getByRole("list", { name: "Credentials" }).getByText("OTHER_TOKEN").waitFor();
  });

  test("a value is replaced, a credential archived and deleted, and another tab sees it", async () => {
    const { page } = browser;
    const actions = (name: string) => page.getByRole("button", { name: `Actions for ${name}` });
    await actions("CI token").click();
    await page.getByRole("menuitem", { name: "New value…" }).click();
    await dialog().getByRole("button", { name: "Replace" }).click();
    await dialog().getByText("Put in the value.").waitFor();
    await dialog().getByLabel("Value").fill("ghp_replaced_by_hand_1");
    await looked("vault-new-value");
    await dialog().getByRole("button", { name: "Replace" }).click();
    await dialog().waitFor({ state: "hidden" });
    await nowhere("ghp_replaced_by_hand_1");

    await actions("OTHER_TOKEN").click();
    await page.getByRole("menuitem", { name: "Archive…" }).click();
    await dialog().getByRole("button", { name: "Archive" }).click();
    await expect.poll(() => actions("OTHER_TOKEN").count()).toBe(0);
    await page.getByRole("link", { name: "Show archived credentials" }).click();
    await actions("OTHER_TOKEN").click();
    await page.getByRole("menuitem", { name: "Delete…" }).click();
    await dialog().getByRole("button", { name: "Delete" }).click();
    await expect.poll(() => actions("OTHER_TOKEN").count()).toBe(0);

    // By a program, meanwhile.
    const client = system.client();
    const vaultId = new URL(page.url()).pathname.split("/").at(-1) ?? "";
    const auth = { type: "static_bearer" as const, token: VALUE, mcp_server_url: "https://mcp.example.com/" };
    await client.beta.vaults.credentials.create(vaultId, { auth, display_name: "By a program" });
    await actions("By a program").waitFor();
  });

  test("a session is started with it", async () => {
    const { page } = browser;
    const networking = { type: "limited" as const, allowed_hosts: ["pypi.org"] };
    const narrow = await system
      .client()
      .beta.environments.create({ name: "Narrow", config: { type: "cloud", networking } });
    await page.goto(`${system.url}/sessions/new`);
    await page.getByLabel("Production").check();
    await page.getByText("The sandbox gets placeholders").waitFor();
    // What would be refused later is told before.
    const note = page.getByText("allows none of the hosts");
    await page.getByLabel("Environment").selectOption(narrow.id);
    await note.waitFor();
    await page.getByRole("listitem").getByText("mcp.example.com").waitFor();
    await looked("session-new-out-of-reach");
    await page.getByLabel("Environment").selectOption("");
    await expect.poll(() => note.count()).toBe(0);
    await looked("session-new-with-vault");
    await page.getByRole("button", { name: "Start session" }).click();
    await page.waitForURL(/\/sessions\/sesn_/);
    const session = await system.client().beta.sessions.retrieve(new URL(page.url()).pathname.split("/").at(-1) ?? "");
    expect(session.vault_ids).toEqual([expect.stringMatching(/^vlt_/)]);
  });

  test("the vault is renamed, archived, and deleted", async () => {
    const { page } = browser;
    const choose = async (name: string) => {
      await page.getByRole("button", { name: "More actions" }).click();
      await page.getByRole("menuitem", { name }).click();
    };
    await page.getByRole("link", { name: "Vaults" }).click();
    await page.getByRole("link", { name: "Production" }).click();
    await choose("Rename…");
    await dialog().getByLabel("Name").fill("Prod");
    await dialog().getByRole("button", { name: "Rename" }).click();
    await page.getByRole("heading", { name: "Prod", exact: true }).waitFor();
    await choose("Archive…");
    await looked("vault-archive");
    await dialog().getByRole("button", { name: "Archive" }).click();
    await page.getByText("its values are gone").waitFor();
    await looked("vault-archived");
    await page.getByRole("link", { name: "Vaults" }).click();
    await page.getByText("No vaults").waitFor();
    await page.getByRole("link", { name: "Show archived" }).click();
    await page.getByRole("link", { name: "Prod" }).click();
    await choose("Delete…");
    await dialog().getByRole("button", { name: "Delete" }).click();
    await page.waitForURL(/\/vaults$/);
    const refused = /status of (400|409) /;
    expect(browser.complaints.filter((complaint) => !refused.test(complaint))).toEqual([]);
  });

  test("after all that no value is in the database, a file or a log", async () => {
    expect(findIn(await sweepSystem(system), [VALUE, "ghp_replaced_by_hand_1"])).toEqual([]);
  });
});
