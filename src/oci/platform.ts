import { BuildError } from "../error.js";

/** What an image runs on (image-spec, image-index.md, "platform"). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly "os.version"?: string;
  readonly "os.features"?: readonly string[];
}

const operatingSystems = new Set(
  "aix android darwin dragonfly freebsd illumos ios js linux macos netbsd openbsd plan9 solaris wasip1 windows".split(
    " ",
  ),
);

const architectures = new Set(
  (
    "386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm " +
    "aarch64 armel armhf i386 x86_64 x86-64"
  ).split(" "),
);

/**
 * Reads `os[/architecture[/variant]]`, or one word that is either; what a single word leaves open
 * comes from `host`. The result is normalized.
 */
export function parsePlatform(text: string, host?: Platform): Platform {
  const parts = text.toLowerCase().split("/");
  const [first = "", second, variant] = parts;
  if (parts.length > 3 || !parts.every((part) => /^[a-z0-9_][a-z0-9_.-]*$/.test(part))) {
    throw new BuildError(
      "PLATFORM",
      `Cannot parse platform "${text}": want os/architecture[/variant]`,
    );
  }
  return normalizePlatform(
    second === undefined ? guess(text, first, host) : platform(first, second, variant),
  );
}

function guess(text: string, word: string, host: Platform | undefined): Platform {
  if (architectures.has(word)) return { os: host?.os ?? "linux", architecture: word };
  if (!operatingSystems.has(word)) {
    throw new BuildError(
      "PLATFORM",
      `Cannot parse platform "${text}": neither an operating system nor an architecture`,
      { hint: "write it in full, such as linux/amd64" },
    );
  }
  if (host !== undefined) return platform(word, host.architecture, host.variant);
  throw new BuildError("PLATFORM", `Cannot parse platform "${text}": it names no architecture`, {
    hint: `write it in full, such as ${word}/amd64`,
  });
}

/** `os/architecture[/variant]`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join("/");
}

/** One spelling for each platform: x86_64 is amd64, armhf is arm/v7, arm64/v8 is arm64. */
export function normalizePlatform(given: Platform): Platform {
  const { os, architecture, variant, ...rest } = given;
  const system = os.toLowerCase();
  return {
    ...platform(
      system === "macos" ? "darwin" : system,
      ...normalizeArchitecture(architecture.toLowerCase(), (variant ?? "").toLowerCase()),
    ),
    ...rest,
  };
}

/** The platform that an image's config says it is for. */
export function platformOf({ os, architecture, ...config }: Platform): Platform {
  const { variant, "os.version": version, "os.features": features } = config;
  return normalizePlatform({
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(version === undefined ? {} : { "os.version": version }),
    ...(features === undefined ? {} : { "os.features": features }),
  });
}

function normalizeArchitecture(
  architecture: string,
  variant: string,
): [string, string | undefined] {
  switch (architecture) {
    case "i386":
      return ["386", undefined];
    case "x86_64":
    case "x86-64":
    case "amd64":
      return ["amd64", variant === "v1" ? undefined : variant];
    case "aarch64":
    case "arm64":
      return ["arm64", ["8", "v8", "v8.0"].includes(variant) ? undefined : variant];
    case "armhf":
      return ["arm", "v7"];
    case "armel":
      return ["arm", "v6"];
    case "arm":
      return ["arm", variant === "" ? "v7" : variant.replace(/^(?=\d)/, "v")];
    default:
      return [architecture, variant];
  }
}

function platform(os: string, architecture: string, variant?: string): Platform {
  return { os, architecture, ...(variant === undefined || variant === "" ? {} : { variant }) };
}

/** The platform of containers on a machine whose Node says `process.arch` is `arch`. */
export function hostPlatform(arch: string): Platform {
  const names: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", ppc64: "ppc64le" };
  return normalizePlatform({ os: "linux", architecture: names[arch] ?? arch });
}
