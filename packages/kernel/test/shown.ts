/** All that a handler finds in what it is given, by name: its own fields and what its class answers. */
export function shown(given: object): { readonly [name: string]: unknown } {
  const all: { [name: string]: unknown } = {}
  for (let at = given; at !== Object.prototype; at = Object.getPrototypeOf(at) as object)
    for (const name of Object.getOwnPropertyNames(at))
      if (name !== 'constructor') all[name] = given[name as keyof typeof given]
  return all
}
