/** What a lint rule is about. */
interface Rule {
  readonly description: string;
  /** Off unless it is asked for by name or by `experimental=all`. */
  readonly experimental?: true;
}

/** BuildKit's lint rules by their names, in the order of the rows L01 to L22. */
export const RULES = {
  StageNameCasing: { description: "Names of stages are best written in lower case" },
  FromAsCasing: { description: "FROM and AS are best written in the same case" },
  NoEmptyContinuation: { description: "A continued instruction should have no blank lines" },
  ConsistentInstructionCasing: {
    description: "All instructions of a file are best written in the same case",
  },
  DuplicateStageName: { description: "Each stage should have a name of its own" },
  ReservedStageName: { description: "A stage should not be named as something built in" },
  JSONArgsRecommended: {
    description: "CMD and ENTRYPOINT as JSON arrays let signals reach the process",
  },
  MaintainerDeprecated: { description: "MAINTAINER is deprecated in favour of a label" },
  UndefinedArgInFrom: { description: "FROM sees only ARGs from before the first FROM" },
  WorkdirRelativePath: {
    description: "A relative WORKDIR depends on the base image until an absolute one is given",
  },
  UndefinedVar: { description: "A variable should be set before it is used" },
  MultipleInstructionsDisallowed: {
    description: "Of some instructions only the last one of a stage has an effect",
  },
  LegacyKeyValueFormat: { description: "Names and values are best written with = between them" },
  InvalidBaseImagePlatform: {
    description: "A base image should be for the platform that is built",
  },
  RedundantTargetPlatform: { description: "FROM builds for $TARGETPLATFORM without being told" },
  SecretsUsedInArgOrEnv: { description: "ARG and ENV are no place for secrets" },
  InvalidDefaultArgInFrom: {
    description: "The defaults of the ARGs should give FROM the name of an image",
  },
  FromPlatformFlagConstDisallowed: {
    description: "FROM --platform should not be the same for every platform that is built",
  },
  CopyIgnoredFile: { description: "COPY and ADD do not see what .dockerignore excludes" },
  InvalidDefinitionDescription: {
    description: "A comment right above ARG or FROM describes it, and begins with its name",
    experimental: true,
  },
  ExposeProtoCasing: { description: "Protocols in EXPOSE are best written in lower case" },
  ExposeInvalidFormat: { description: "EXPOSE has no use for addresses and host ports" },
} as const satisfies Readonly<Record<string, Rule>>;

/** The name of a rule, as `skip=` takes it. */
export type RuleName = keyof typeof RULES;

/** Rules that must be asked for. */
export function isExperimental(name: RuleName): boolean {
  return "experimental" in RULES[name];
}

/** Where Docker's documentation explains the rule. */
export function ruleUrl(name: RuleName): string {
  const page = name
    .replace(/([a-z])([A-Z])/g, "$1-$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1-$2")
    .toLowerCase();
  return `https://docs.docker.com/go/dockerfile/rule/${page}/`;
}
