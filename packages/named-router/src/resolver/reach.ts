// Which places a resolver goes to. Names are set by anybody, so a record must not lead it into the network that it stands in.

/** False for an address that is not http(s), names this machine, or is a literal address of private, link-local or reserved networks. */
export function isPublic(url: string): boolean {
  let host: string
  try {
    const { hostname, protocol, username, password } = new URL(url)
    if (!/^https?:$/.test(protocol) || username !== '' || password !== '') return false
    host = hostname
  } catch {
    return false
  }
  if (host.startsWith('[')) return isPublicV6(host.slice(1, -1))
  const v4 = bytesOfV4(host)
  if (v4) return isPublicV4(v4)
  const name = host.replace(/\.$/, '')
  return name.includes('.') && !/(^|\.)(localhost|local|internal|home\.arpa)$/.test(name)
}

/** The four bytes of an address as `URL` writes it; it has turned every other form into this one. */
export function bytesOfV4(host: string): readonly number[] | undefined {
  return /^\d+\.\d+\.\d+\.\d+$/.test(host) ? host.split('.').map(Number) : undefined
}

/** RFC 6890 and RFC 5771: what is not on the internet, and no single host. */
function isPublicV4([a = 0, b = 0, c = 0]: readonly number[]): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false
  if (a === 100 && b >= 64 && b < 128) return false
  if (a === 169 && b === 254) return false
  if (a === 172 && b >= 16 && b < 32) return false
  if (a === 192 && (b === 168 || (b === 0 && (c === 0 || c === 2)))) return false
  if (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) return false
  return !(a === 203 && b === 0 && c === 113)
}

/** RFC 4291 and RFC 6890: 2000::/3 alone is for everybody, without those parts that carry another address or document. */
function isPublicV6(host: string): boolean {
  const [first = 0, second = 0] = host.split(':').map((part) => Number.parseInt(part || '0', 16))
  if (first < 0x2000 || first > 0x3fff) return false
  // 2002::/16 (6to4) and 2001::/23 (Teredo and others) lead elsewhere; 2001:db8::/32 is for documents.
  return first !== 0x2002 && !(first === 0x2001 && (second < 0x200 || second === 0xdb8))
}
