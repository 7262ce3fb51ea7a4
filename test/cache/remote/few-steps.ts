/** A build of a few steps of each kind: two stages, and files of a context, a step and a stage. */
export const fewSteps = `FROM scratch AS build
COPY a /src/
RUN put program 1
FROM scratch
WORKDIR /srv
COPY --from=build /program /srv/bin/
RUN check`;
