import { BuildError } from "../../error.js";
import { splitCsv } from "./csv.js";
import { badValue } from "./usage-error.js";

/** What one flag says about one kind of attestation. */
export interface Attest {
  readonly type: "provenance" | "sbom";
  readonly wanted: boolean;
  /** As written, for the error. */
  readonly flag: string;
}

/** Reads `--attest type=…,disabled=…` (F04). */
export function parseAttest(text: string): Attest {
  const values = pairsOf("--attest", text);
  const type = values.get("type");
  if (type !== "provenance" && type !== "sbom") {
    throw badValue("--attest", text, "want type=provenance or type=sbom");
  }
  return { type, wanted: !isDisabled(values), flag: `--attest "${text}"` };
}

/** Reads `--provenance` and `--sbom`: true, false, or parameters (F23). */
export function parseShorthand(type: Attest["type"]): (text: string) => Attest {
  return (text) => {
    const flag = `--${type} "${text}"`;
    if (/^(?:false|0|f)$/i.test(text)) return { type, wanted: false, flag };
    const wanted = /^(?:true|1|t)$/i.test(text) || !isDisabled(pairsOf(`--${type}`, text));
    return { type, wanted, flag };
  };
}

/** Of each type the last one counts, and the short flags before `--attest`. */
export function refuseAttestations(attests: readonly Attest[]): void {
  const last = new Map(attests.map((attest) => [attest.type, attest]));
  for (const { wanted, flag } of last.values()) {
    if (!wanted) continue;
    throw new BuildError("UNSUPPORTED", `Cannot use ${flag}: tsbuild makes no attestations yet`, {
      hint: "without the flag there are none",
    });
  }
}

function isDisabled(values: ReadonlyMap<string, string>): boolean {
  return /^(?:true|1|t)$/i.test(values.get("disabled") ?? "");
}

function pairsOf(flag: string, text: string): ReadonlyMap<string, string> {
  return new Map(
    splitCsv(flag, text).map((field) => {
      const equals = field.indexOf("=");
      if (equals < 1) throw badValue(flag, text, `"${field}" is not KEY=VALUE`);
      return [field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1)];
    }),
  );
}
