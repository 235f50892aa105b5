// Gateways to names, for Node.js: DNS and HTTP.
export { type DnsOptions, type DnsServer, serveDns } from './gateways/dns.ts'
export { type HttpOptions, type HttpServer, serveNames } from './gateways/http.ts'
export { type Answered, answerPacket } from './gateways/packets.ts'
export { type Answer, createZone, type Reply, type Zone, type ZoneOptions } from './gateways/zone.ts'
