import type { Claim } from "./attestation.js";

/** What a build was made of. */
export interface Material {
  readonly uri: string;
  readonly digest: Readonly<Record<string, string>>;
}

/** What provenance tells of an image, whatever the words for it. */
export interface BuildFacts {
  readonly builderId: string;
  /** Where the Dockerfile is from, and its name there. */
  readonly source: Partial<Material> & { readonly path: string };
  readonly request: object;
  /** Of the machine. */
  readonly platform: string;
  /** What was done, where that is told. */
  readonly steps: object | undefined;
  readonly materials: readonly Material[];
  /** Undefined where the same build is to tell the same each time. */
  readonly run: BuildRun | undefined;
  /** What BuildKit adds: the commit, the Dockerfile, layers. */
  readonly details: { readonly source?: object } & Readonly<Record<string, object>>;
  /** Whether the request is told whole, and all materials are known. */
  readonly complete: { readonly request: boolean; readonly materials: boolean };
  /** Nothing but materials went into it: no step had a network. */
  readonly isHermetic: boolean;
  /** The user says so. */
  readonly isReproducible: boolean;
}

/** One run of a build, of all those that do the same. */
export interface BuildRun {
  readonly id: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
}

/** Tells the facts as SLSA's version has it, in BuildKit's terms (slsa-definitions.md). */
export function provenanceClaim(version: "v0.2" | "v1", facts: BuildFacts): Claim {
  const type = `https://slsa.dev/provenance/${version}`;
  return { type, predicate: version === "v1" ? inVersion1(facts) : inVersion02(facts) };
}

function inVersion1(facts: BuildFacts): object {
  const { builderId, source, request, platform, steps, materials, run, details, complete } = facts;
  return {
    buildDefinition: {
      buildType:
        "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
      externalParameters: { configSource: source, request },
      internalParameters: {
        ...(steps === undefined ? {} : { buildConfig: steps }),
        builderPlatform: platform,
      },
      resolvedDependencies: materials,
    },
    runDetails: {
      builder: { id: builderId },
      metadata: {
        ...(run === undefined
          ? {}
          : {
              invocationId: run.id,
              startedOn: run.startedAt.toISOString(),
              finishedOn: run.endedAt.toISOString(),
            }),
        buildkit_metadata: details,
        ...(facts.isHermetic ? { buildkit_hermetic: true } : {}),
        buildkit_completeness: {
          request: complete.request,
          resolvedDependencies: complete.materials,
        },
        ...(facts.isReproducible ? { buildkit_reproducible: true } : {}),
      },
    },
  };
}

/** What BuildKit adds to this version is called. */
const extension = "https://mobyproject.org/buildkit@v1";

function inVersion02(facts: BuildFacts): object {
  const { builderId, request, platform, steps, materials, run, details, complete } = facts;
  const { path: entryPoint, ...source } = facts.source;
  return {
    builder: { id: builderId },
    buildType: extension,
    materials,
    invocation: {
      configSource: { ...source, entryPoint },
      parameters: request,
      environment: { platform },
    },
    ...(steps === undefined ? {} : { buildConfig: steps }),
    metadata: {
      ...(run === undefined
        ? {}
        : {
            buildInvocationID: run.id,
            buildStartedOn: run.startedAt.toISOString(),
            buildFinishedOn: run.endedAt.toISOString(),
          }),
      completeness: {
        parameters: complete.request,
        environment: true,
        materials: complete.materials,
      },
      reproducible: facts.isReproducible,
      ...(facts.isHermetic ? { [`${extension}#hermetic`]: true } : {}),
      [`${extension}#metadata`]: details,
    },
  };
}
