// The public surface of the package as a committed report, so that a change of it shows in the diff.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import { root, StepError } from "./run.mjs";

const NAME = "handset";
const reportFolder = join(root, "docs");
const temporary = join(root, "build", "api");

/** Things that are said of this surface and are no fault of it. */
const NO_FAULTS = {
  // There are no releases of different ripeness in one package.
  "ae-missing-release-tag": { logLevel: ExtractorLogLevel.None },
  // A name that says all needs no sentence.
  "ae-undocumented": { logLevel: ExtractorLogLevel.None },
};

function configuration(types, folder) {
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: types,
      newlineKind: "lf",
      compiler: { tsconfigFilePath: join(root, "tsconfig.json") },
      apiReport: { enabled: true, reportFileName: NAME, reportFolder: folder, reportTempFolder: temporary },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.Error }, ...NO_FAULTS },
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
      },
    },
    configObjectFullPath: undefined,
    packageJson: { name: NAME, version: "0.0.0" },
    packageJsonFullPath: join(root, "package.json"),
  });
}

/**
 * Holds `types` against the report in `folder`, or writes that anew.
 *
 * @param {object} [options]
 * @param {boolean} [options.update] write it
 * @param {string} [options.types] the file of declarations
 * @param {string} [options.folder] where the report is
 */
export async function apiReport({ update = false, types = join(root, "js", "index.d.ts"), folder = reportFolder } = {}) {
  await mkdir(temporary, { recursive: true });
  const faults = [];
  const result = Extractor.invoke(configuration(types, folder), {
    localBuild: update,
    messageCallback(message) {
      message.handled = true;
      // That a report differs is said below, in words that fit.
      if (message.logLevel === "error" && message.category !== "console") faults.push(message.formatMessageWithLocation(root));
    },
  });
  if (faults.length > 0) throw new StepError(`The public surface is unsound:\n  ${faults.join("\n  ")}`);
  if (result.apiReportChanged && !update) {
    throw new StepError(`The public surface is not that of docs/${NAME}.api.md. If that is meant, run \`npm run api\`, look at the diff, and say it in CHANGELOG.md.`);
  }
  return result.apiReportChanged ? `docs/${NAME}.api.md is new` : `as in docs/${NAME}.api.md`;
}
