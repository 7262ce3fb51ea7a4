/** What `tsbuild --help` prints. */
export const overview = `Usage: tsbuild [build] [flags] CONTEXT
       tsbuild COMMAND [flags] …

Builds images from Dockerfiles: no daemon, no root.

Build:
  build      build an image from a Dockerfile (the default command)
  explain    say why each step ran, or where its result is from
  log        print what a step wrote
  history    list, show and remove earlier builds: builds, logs, inspect, rm
  prune      remove cache that is no longer needed
  du         show what the store and the cache take on disk

Images:
  images     list the images of the store
  inspect    print everything about images, as JSON
  history    show how an image was made: history IMAGE
  tag        give an image another name
  rmi        remove names and images
  save       write images into an archive
  load       read images from an archive
  import     make an image from the files in an archive
  export     write the files of an image into an archive
  diff       list the files that an image changed
  run        run a command in an image

Registries:
  login      log in to a registry, and keep the credentials
  logout     remove the credentials of a registry
  pull       fetch an image
  push       send an image
  imagetools combine, copy and show images in registries
  manifest   combine images step by step, as docker manifest does

Other:
  completion print the completion script of bash, fish or zsh
  version    print the version
  help       show help for a command

Examples:
  tsbuild -t web .
  tsbuild run -it web sh

Run "tsbuild COMMAND --help" for more about a command.
`;
