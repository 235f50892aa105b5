/** A file that the build puts into the package as bytes. */
declare module '*.wasm' {
  const bytes: Uint8Array
  // biome-ignore lint/style/noDefaultExport: that is how the build gives them.
  export default bytes
}
