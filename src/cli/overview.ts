/** What `tsbuild --help` prints. */
export const overview = `Usage: tsbuild [build] [flags] CONTEXT
       tsbuild COMMAND [flags] …

Builds images from Dockerfiles: no daemon, no root.

Build:
  build      build an image from a Dockerfile (the default command)
  explain    tell of each step why it ran, or where its result is from
  log        print what a step wrote
  history    list earlier builds, show and forget them: builds, logs, inspect, rm
  prune      remove cache that is no longer needed
  du         show what the store and the cache take on disk

Images:
  images     list the images of the store
  inspect    print all about images, as JSON
  history    show how an image was made: history IMAGE
  tag        give an image one more name
  rmi        remove names and images
  save       write images into an archive
  load       read images from an archive
  import     make an image of the files in an archive
  export     write the files of an image into an archive
  diff       list the files that an image changed
  run        run a command in an image

Registries:
  login      keep a user's name and password for a registry
  logout     remove them
  pull       fetch an image
  push       send an image
  imagetools join images in one, copy or show them, where they lie
  manifest   the same in steps, as docker manifest

Other:
  completion print what completes commands, flags and images in bash, fish or zsh
  version    print the version
  help       show help for a command

Examples:
  tsbuild -t web .
  tsbuild run -it web sh

"tsbuild COMMAND --help" tells more about a command.
`;
