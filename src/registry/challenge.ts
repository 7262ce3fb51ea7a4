/** How a registry wants to be authorized (distribution, token specification; RFC 9110, 11.6.1). */
export type Challenge = { readonly scheme: "basic" } | BearerChallenge;

/** A registry that wants a token of another server. */
export interface BearerChallenge {
  readonly scheme: "bearer";
  readonly realm: string;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
}

/** Reads a WWW-Authenticate header: the first bearer challenge, else a basic one. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  const challenges = split(header ?? "");
  const parameters = challenges.find(({ scheme }) => scheme === "bearer")?.parameters;
  const realm = parameters?.get("realm");
  if (parameters !== undefined && realm !== undefined) {
    return {
      scheme: "bearer",
      realm,
      service: parameters.get("service"),
      scopes: parameters.get("scope")?.split(" ").filter(Boolean) ?? [],
    };
  }
  return challenges.some(({ scheme }) => scheme === "basic") ? { scheme: "basic" } : undefined;
}

interface RawChallenge {
  readonly scheme: string;
  readonly parameters: Map<string, string>;
}

/** Either a scheme, which starts the header or follows a comma, or a parameter of the last scheme. */
const token =
  /(?:^|,)\s*([a-z][\w-]*)(?=\s+[\w-]+\s*=|\s*$|\s*,)|([\w-]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s,"]+))/gi;

function split(header: string): readonly RawChallenge[] {
  const found: RawChallenge[] = [];
  for (const [, scheme, key, quoted, bare] of header.matchAll(token)) {
    if (scheme !== undefined) {
      found.push({ scheme: scheme.toLowerCase(), parameters: new Map() });
    } else if (key !== undefined) {
      const value = quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "";
      found.at(-1)?.parameters.set(key.toLowerCase(), value);
    }
  }
  return found;
}
