/** One row of the table of what a Dockerfile build engine does. */
export interface Row {
  readonly id: string;
  readonly title: string;
  /** Why tsbuild does not do it: what only another tool has, or what needs a daemon. */
  readonly notOurs: string | undefined;
}

/** A part of the table. */
export interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
}

/** The whole table, by sections. */
export const table: readonly Section[] = [
  section(
    "Parser",
    `P01 the eighteen instructions
P02 encoding, line endings, limits, empty files
P03 comments
P04 leading whitespace
P05 line continuations
P06 blank lines in continued instructions
P07 parser directives
P08 the syntax directive
P09 the escape directive
P10 the check directive
P11 flags of instructions
P12 exec form, as JSON
P13 ENV and LABEL without an equals sign
P14 word splitting
P15 heredocs
P16 heredocs in RUN
P17 heredocs in COPY and ADD
P18 error locations
P19 suggestions
P20 comments that describe stages and arguments
P21 other file names
P22 preprocessed files | buildah's own
P23 several Dockerfiles | buildah's own`,
  ),
  section(
    "Variables",
    `X01 where they are expanded
X02 values before the instruction
X03 variable names
X04 unset variables
X05 malformed braces
X06 defaults
X07 alternates
X08 required variables
X09 prefix and suffix removal
X10 replacement
X11 quotes
X12 escaped dollar signs
X13 words of EXPOSE
X14 step titles`,
  ),
  section(
    "Stages and arguments",
    `S01 FROM
S02 stages from stages
S03 stage lookup
S04 unused stages are skipped
S05 the target
S06 duplicate and reserved names
S07 platforms of stages
S08 order without copying | buildah's own
S09 global arguments
S10 precedence of values
S11 ARG and ENV of one name
S12 scope of arguments
S13 arguments in the environment of RUN
S14 proxy arguments
S15 platform arguments
S16 the name of the target
S17 build arguments that control the build
S18 unused build arguments
S19 ONBUILD triggers
S20 labels and annotations on the command line
S21 another first FROM | buildah's own
S22 base image lookup`,
  ),
  section(
    "Metadata",
    `I01 ENV
I02 LABEL
I03 MAINTAINER
I04 EXPOSE
I05 VOLUME
I06 USER
I07 WORKDIR
I08 CMD
I09 ENTRYPOINT
I10 SHELL
I11 STOPSIGNAL
I12 HEALTHCHECK
I13 the default PATH`,
  ),
  section(
    "COPY and ADD",
    `C01 words and arrays
C02 the root of the sources
C03 the path of the destination
C04 directories
C05 files
C06 multiple sources
C07 wildcards
C08 symlinks among the sources
C09 symlinks in the destination
C10 hard links
C11 owners
C12 modes, times, extended attributes
C13 --chown
C14 --chmod
C15 --from
C16 --link
C17 --parents
C18 --exclude
C19 what the cache key covers
C20 COPY refuses remote sources
C21 archives
C22 ADD of URLs
C23 ADD of git repositories
C24 checksums
C25 flags of ADD
C26 only used files are read
C27 unusual names`,
  ),
  section(
    "Ignore files",
    `G01 ignore file lookup
G02 lines
G03 patterns
G04 exceptions
G05 the Dockerfile itself
G06 excluded sources
G07 unreadable files`,
  ),
  section(
    "RUN",
    `R01 forms and failures
R02 mount options
R03 mount targets
R04 bind mounts
R05 cache mounts
R06 sharing of cache mounts
R07 tmpfs mounts
R08 secrets
R09 ssh mounts
R10 networks
R11 security modes
R12 devices
R13 environment
R14 files provided by the engine
R15 the sandbox
R16 limits
R17 other architectures | as far as the machine's binfmt_misc goes
R18 missing working directories
R19 interruption
R20 mounts on the command line | buildah's own
R21 more namespaces and isolation | buildah's own
R22 capturing proxy | BuildKit's, not released
R23 resource samples | part of BuildKit's provenance
R24 no container per step | kaniko's own`,
  ),
  section(
    "Contexts",
    `B01 directories
B02 a Dockerfile on standard input
B03 an archive on standard input
B04 a Dockerfile on standard input, with a context
B05 a Dockerfile elsewhere
B06 git repositories
B07 URLs
B08 subdirectory of a remote context
B09 object stores | kaniko's own
B10 named contexts
B11 named directories
B12 named images
B13 named OCI layouts
B14 named remote sources
B15 outputs of other builds | of bake
B16 unchanged files are not reread`,
  ),
  section(
    "Flags",
    `F01 --add-host
F02 --allow
F03 --annotation
F04 --attest
F05 --build-arg
F06 --build-context
F07 --builder, --debug
F08 --cache-from, --cache-to
F09 --call
F10 --check
F11 --cgroup-parent
F12 --file
F13 --iidfile
F14 --label
F15 --load
F16 --metadata-file
F17 --network
F18 --no-cache, --no-cache-filter
F19 --output
F20 --platform
F21 --policy | not yet: an error
F22 --progress
F23 --provenance, --sbom
F24 --pull
F25 --push
F26 --quiet
F27 --resource and other limits
F28 --secret
F29 --shm-size, --ulimit
F30 --ssh
F31 --tag
F32 --target
F33 deprecated flags
F34 environment
F35 other flags of buildah | buildah's own
F36 flags of kaniko | kaniko's own
F37 exit codes`,
  ),
  section(
    "Image config",
    `H01 history texts
H02 history comments
H03 empty history entries
H04 times
H05 history texts of buildah | buildah's own
H06 fields
H07 inheritance
H08 platform
H09 JSON encoding
H10 identity
H11 squashed images | buildah's own`,
  ),
  section(
    "Layers",
    `O18 a layer for each instruction
O19 empty layers
O20 removed and replaced files, links
T01 SOURCE_DATE_EPOCH`,
  ),
  section(
    "Warnings",
    `L01 StageNameCasing
L02 FromAsCasing
L03 NoEmptyContinuation
L04 ConsistentInstructionCasing
L05 DuplicateStageName
L06 ReservedStageName
L07 JSONArgsRecommended
L08 MaintainerDeprecated
L09 UndefinedArgInFrom
L10 WorkdirRelativePath
L11 UndefinedVar
L12 MultipleInstructionsDisallowed
L13 LegacyKeyValueFormat
L14 InvalidBaseImagePlatform
L15 RedundantTargetPlatform
L16 SecretsUsedInArgOrEnv
L17 InvalidDefaultArgInFrom
L18 FromPlatformFlagConstDisallowed
L19 CopyIgnoredFile
L20 InvalidDefinitionDescription
L21 ExposeProtoCasing
L22 ExposeInvalidFormat`,
  ),
];

function section(title: string, text: string): Section {
  const rows = text.split("\n").map((line) => {
    const [named = "", notOurs] = line.split(" | ");
    return { id: named.slice(0, 3), title: named.slice(4), notOurs };
  });
  return { title, rows };
}
