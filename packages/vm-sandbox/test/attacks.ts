import type { Value } from '@mmtchain/vm-sandbox'

/**
 * What must happen: the value that a call gives, or how it ends. `stopped` is out of gas, memory or stack; `harmless` is
 * anything that the sandbox says by itself, which is enough where only the host is at stake.
 */
export type Expected =
  | { readonly gives: Value }
  | {
      readonly ends:
        | 'OUT_OF_GAS'
        | 'OUT_OF_MEMORY'
        | 'OUT_OF_STACK'
        | 'THREW'
        | 'BAD_CODE'
        | 'BAD_RESULT'
        | 'NEVER_SETTLED'
        | 'ENGINE_FAULT'
    }
  | { readonly throws: string }
  | 'stopped'
  | 'harmless'

export type Attack = readonly [name: string, body: string, expected: Expected]

const gives = (value: Value): Expected => ({ gives: value })
const gas: Expected = { ends: 'OUT_OF_GAS' }
const memory: Expected = { ends: 'OUT_OF_MEMORY' }
const fault: Expected = { ends: 'ENGINE_FAULT' }
const refused: Expected = { throws: '' }
const overflow: Expected = { throws: 'InternalError: stack overflow' }

/** Ways out: to the objects, the globals or the modules of the host. */
const escapes: readonly Attack[] = [
  ['process', 'return typeof process', gives('undefined')],
  ['require', 'return typeof require', gives('undefined')],
  ['module and exports', 'return typeof module + typeof exports', gives('undefinedundefined')],
  [
    'the globals of hosts',
    'return ["window", "global", "self", "fetch", "setTimeout", "Buffer", "WebAssembly", "std", "os", "print", "scriptArgs", "queueMicrotask", "crypto", "navigator", "XMLHttpRequest", "Worker", "postMessage", "importScripts", "structuredClone", "bjson"].filter((name) => name in globalThis).join()',
    gives(''),
  ],
  [
    'the Function of a function of the host',
    'return host.get.constructor("return typeof process")()',
    gives('undefined'),
  ],
  [
    'the Function of an arrow',
    'return (() => {}).constructor("return typeof process")()',
    gives('undefined'),
  ],
  [
    'the Function of async functions',
    'return (async () => {}).constructor("return typeof process")()',
    gives('undefined'),
  ],
  [
    'the Function of generators',
    'return (function* () {}).constructor("yield typeof process")().next().value',
    gives('undefined'),
  ],
  [
    'this of a sloppy function',
    'return Function("return this === globalThis && typeof this.process")()',
    gives('undefined'),
  ],
  ['indirect eval', 'return (0, eval)("typeof process")', gives('undefined')],
  ['dynamic import', 'return import("node:fs").then(() => 1, (e) => e.name)', gives('ReferenceError')],
  [
    'dynamic import of itself',
    'return import("contract").then((m) => typeof m.main, (e) => e.name)',
    'harmless',
  ],
  [
    'dynamic import with a lying name',
    'return import({ toString() { return "node:fs" } }).then(() => 1, (e) => e.name)',
    gives('ReferenceError'),
  ],
  ['import.meta', 'return Object.keys(import.meta).join()', 'harmless'],
  ['the prototype of the table of functions', 'return Object.getPrototypeOf(host)', gives(null)],
  ['a new function in the table', 'host.mine = () => 1', refused],
  ['another table', 'globalThis.host = {}', refused],
  ['the table deleted', 'delete globalThis.host', refused],
  ['the table defined anew', 'Object.defineProperty(globalThis, "host", { value: 1 })', 'harmless'],
  ['a property of a function of the host', 'host.get.x = 1', refused],
  ['another prototype of a function of the host', 'Object.setPrototypeOf(host.get, null)', refused],
  ['a function of the host as constructor', 'new host.get("a")', refused],
  ['a function of the host with a false this', 'return host.get.call(globalThis, "a")', gives(undefined)],
  ['a subclass of a function of the host', 'return new (class extends host.get {})("a")', refused],
  [
    'the error of the host as a way to it',
    'try { host.get(1) } catch (e) { return e.constructor === Error && e.constructor.constructor("return typeof process")() }',
    gives('undefined'),
  ],
  [
    'the stack of an error',
    'try { host.get(1) } catch (e) { return /node:|file:|wasm:|\\/[a-z]+\\//.test(e.stack) }',
    gives(false),
  ],
  [
    'the stack of a refusal',
    'try { host.pay(1000n) } catch (e) { return e.stack.includes("sandbox.ts") || Object.getOwnPropertyNames(e).join() }',
    'harmless',
  ],
  [
    'prepareStackTrace',
    'Error.prepareStackTrace = (_, s) => s; try { host.get(1) } catch (e) { return typeof e.stack }',
    'harmless',
  ],
  [
    'a callsite',
    'Error.prepareStackTrace = (_, frames) => frames.map((f) => typeof f.getThis?.()).join(); return String(new Error("a").stack).includes("object")',
    gives(false),
  ],
  ['arguments.callee.caller', 'return Function("return typeof arguments.callee.caller")()', 'harmless'],
  [
    'the caller of a function',
    'return Function("function f() { return f.caller } return f()")() ?? null',
    'harmless',
  ],
  [
    'the bytes of the host as a buffer of code',
    'host.put("a", new Uint8Array(4)); const a = host.get("a"); a.fill(9); return host.get("a")',
    gives(new Uint8Array(4)),
  ],
  [
    'bytes that change after they were given',
    'const a = new Uint8Array(4); host.put("a", a); a.fill(9); return host.get("a")',
    gives(new Uint8Array(4)),
  ],
  [
    'bytes of a resized buffer',
    'const b = new ArrayBuffer(8, { maxByteLength: 64 }); const a = new Uint8Array(b); b.resize(2); host.put("a", a); return host.get("a").length',
    gives(2),
  ],
  [
    'bytes of a detached buffer',
    'const b = new ArrayBuffer(8); const a = new Uint8Array(b); b.transfer(); host.put("a", a); return host.get("a").length',
    'harmless',
  ],
  [
    'bytes with a false length',
    'const a = new Uint8Array(2); Object.defineProperty(a, "length", { value: 1e9 }); host.put("a", a); return host.get("a").length',
    gives(2),
  ],
  [
    'bytes with a false buffer',
    'const a = new Uint8Array(2); Object.defineProperty(a, "buffer", { get() { return new ArrayBuffer(1e6) } }); host.put("a", a); return host.get("a").length',
    gives(2),
  ],
  [
    'bytes of a subclass that lies',
    'class L extends Uint8Array { get length() { return 1e9 } get [Symbol.toStringTag]() { return "x" } static get [Symbol.species]() { throw 1 } } host.put("a", new L(3)); return host.get("a").length',
    gives(3),
  ],
  [
    'bytes with another species',
    'Object.defineProperty(Uint8Array, Symbol.species, { get() { throw 1 } }); host.put("a", new Uint8Array(3)); return host.get("a").length',
    gives(3),
  ],
  [
    'Uint8Array replaced',
    'globalThis.Uint8Array = class { constructor() { throw 1 } }; return host.get("a")',
    gives(undefined),
  ],
  [
    'Object.prototype with accessors',
    'for (const k of ["get", "set", "value", "writable"]) Object.defineProperty(Object.prototype, k, { __proto__: null, get() { throw 1 } }); try { host.pay(1000n) } catch (e) { return e.code }',
    gives('token/POOR'),
  ],
  [
    'Error replaced',
    'globalThis.Error = class { constructor() { throw 1 } }; try { host.pay(1000n) } catch (e) { return e.code }',
    gives('token/POOR'),
  ],
  [
    'Error.prototype with setters',
    'for (const k of ["code", "message"]) Object.defineProperty(Error.prototype, k, { set() { throw 1 }, get() { throw 2 } }); try { host.pay(1000n) } catch (e) { return e.code }',
    gives('token/POOR'),
  ],
  ['BigInt replaced', 'globalThis.BigInt = () => 666n; BigInt.prototype; return 5n', 'harmless'],
  [
    'Reflect replaced',
    'Reflect.apply = () => new ArrayBuffer(8); Object.getPrototypeOf(Uint8Array.prototype).constructor.prototype.x = 1; host.put("a", new Uint8Array(2)); return host.get("a").length',
    gives(2),
  ],
  [
    'Function.prototype.call replaced',
    'Function.prototype.call = Function.prototype.apply = () => { throw 1 }; host.put("a", new Uint8Array(2)); return host.get("a").length',
    gives(2),
  ],
  [
    'Array.prototype with setters',
    'Object.defineProperty(Array.prototype, 0, { set() { throw 1 }, get() { throw 2 } }); host.put("a", new Uint8Array(2)); return host.get("a").length',
    gives(2),
  ],
  [
    'the iterator of lists replaced',
    'Array.prototype[Symbol.iterator] = () => { throw 1 }; console.log("a"); return host.get("a")',
    gives(undefined),
  ],
  [
    'String.prototype.slice replaced',
    'String.prototype.slice = () => { while (true); }; throw new Error("a")',
    { throws: 'Error: a' },
  ],
  [
    'Promise.prototype.then replaced',
    'Promise.prototype.then = () => { throw 1 }; return (async () => 5)()',
    gives(5),
  ],
  ['a thenable as result', 'return { then(resolve) { resolve(1) } }', { ends: 'BAD_RESULT' }],
  ['a thenable in a promise', 'return Promise.resolve({ then(resolve) { resolve(7) } })', gives(7)],
  ['a thenable that never resolves', 'return Promise.resolve({ then() {} })', { ends: 'NEVER_SETTLED' }],
  [
    'a promise resolved with itself',
    'let r; const p = new Promise((x) => { r = x }); r(p); return p',
    { throws: 'TypeError' },
  ],
  ['a getter on the result', 'return { get x() { return process } }', { ends: 'BAD_RESULT' }],
  ['a proxy as result', 'return new Proxy({}, { get() { while (true); } })', { ends: 'BAD_RESULT' }],
  [
    'a proxy of a proxy as argument',
    'try { host.put("a", new Proxy(new Proxy(new Uint8Array(1), {}), {})) } catch { return 1 }',
    gives(1),
  ],
  ['toString of an argument', 'try { host.get({ toString() { return "a" } }) } catch { return 1 }', gives(1)],
  ['valueOf of an argument', 'try { host.pay({ valueOf() { return 1n } }) } catch { return 1 }', gives(1)],
  [
    'Symbol.toPrimitive of an argument',
    'try { host.get({ [Symbol.toPrimitive]() { while (true); } }) } catch { return 1 }',
    gives(1),
  ],
  [
    'an error whose message throws',
    'throw { name: "a", get message() { throw 1 } }',
    { throws: 'something that cannot be shown' },
  ],
  ['an error whose name never ends', 'throw { get name() { while (true); } }', gas],
  [
    'an error whose text is a symbol',
    'throw { name: Symbol("a"), message: "b" }',
    { throws: 'something that cannot be shown' },
  ],
  ['an error whose stack is long', 'throw { name: "n", message: "a".repeat(1e6) }', { throws: 'n: aaa' }],
  ['a thrown symbol', 'throw Symbol("a")', { throws: 'Symbol(a)' }],
  ['a thrown nothing', 'throw undefined', { throws: 'undefined' }],
  [
    'a thrown proxy',
    'throw new Proxy({}, { get() { throw 1 } })',
    { throws: 'something that cannot be shown' },
  ],
  [
    'a thrown revoked proxy',
    'const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy',
    { throws: 'something that cannot be shown' },
  ],
  ['a log of a lying object', 'console.log({ toString() { throw new Error("a") } })', { throws: 'Error: a' }],
  ['the finally of what was stopped', 'try { for (;;); } finally { host.event("late", 1) }', gas],
  ['catching the stop', 'for (;;) { try { for (;;); } catch {} }', gas],
  ['with', 'return Function("with (host) { return get(\'a\') }")()', gives(undefined)],
  [
    'a module namespace changed',
    'return import("contract").then((m) => { m.main = 1 }, () => 0)',
    'harmless',
  ],
  ['HTML-like comments', 'return eval("<!-- a\\n1")', 'harmless'],
  ['__proto__ of everything', 'Object.prototype.__proto__ = { x: 1 }', refused],
  [
    'frozen primordials',
    'Object.freeze(Object.prototype); Object.freeze(Function.prototype); return host.get("a")',
    gives(undefined),
  ],
  ['weak references', 'return typeof WeakRef + typeof FinalizationRegistry', gives('undefinedundefined')],
  [
    'weak references through objects',
    'return Object.getOwnPropertyNames(globalThis).filter((n) => /Weak(?!Map|Set)|Final|Shared|Atomics|Intl|perf/.test(n)).join()',
    gives(''),
  ],
  [
    'a shared buffer by its tag',
    'return Object.prototype.toString.call(new ArrayBuffer(1))',
    gives('[object ArrayBuffer]'),
  ],
  [
    'locales',
    'return [(1234.5).toLocaleString("de"), "ı".toLocaleUpperCase("tr"), new Date(0).toLocaleDateString("de")].join("|")',
    'harmless',
  ],
  [
    'the zone',
    'return new Date(2020, 6, 1).getTimezoneOffset() + new Date(2020, 0, 1).getTimezoneOffset()',
    gives(0),
  ],
  [
    'the sign of NaN',
    'const v = new DataView(new ArrayBuffer(8)); v.setFloat64(0, -(0 / 0)); return v.getBigUint64(0)',
    gives(0x7ff8000000000000n),
  ],
  [
    'the payload of NaN',
    'const u = new BigUint64Array([0xfff8dead0000beefn]); const f = new Float64Array(u.buffer); f[0] = f[0] + 1; return u[0]',
    gives(0x7ff8000000000000n),
  ],
  [
    'the payload of a small NaN',
    'const u = new Uint32Array([0xffc0dead]); const f = new Float32Array(u.buffer); f[0] = f[0]; return u[0]',
    gives(0x7fc00000),
  ],
  [
    'NaN of an operation',
    'const f = new Float64Array([Infinity - Infinity, Math.sqrt(-1), 0 * Infinity, Math.log(-1)]); return new Set(new BigUint64Array(f.buffer)).size',
    gives(1),
  ],
  [
    'a copied NaN',
    'const f = new Float64Array(1); new BigUint64Array(f.buffer)[0] = 0xffffffffffffffffn; return new BigUint64Array(f.slice().buffer)[0] === new BigUint64Array(Float64Array.from(f).buffer)[0] || true',
    gives(true),
  ],
]

/** Work without end or measure. */
const resources: readonly Attack[] = [
  ['a loop', 'for (;;);', gas],
  ['a recursion', 'const f = () => f(); f()', overflow],
  ['a recursion that catches', 'const f = () => { try { f() } catch { f() } }; f()', gas],
  ['a recursion through getters', 'const o = { get a() { return this.a } }; o.a', overflow],
  ['a recursion through proxies', 'const p = new Proxy({}, { get: (t, k, r) => r[k] }); p.x', overflow],
  ['a recursion through toString', 'const o = { toString: () => "" + o }; "" + o', overflow],
  ['a recursion through sort', 'const f = () => [1, 2].sort(f); f()', overflow],
  ['a recursion through replace', 'const f = () => "a".replace(/a/, f); f()', overflow],
  ['a recursion through JSON', 'const o = { toJSON: () => JSON.stringify(o) }; JSON.stringify(o)', overflow],
  ['a recursion through constructors', 'class A { constructor() { new A() } } new A()', overflow],
  [
    'a recursion through instanceof',
    'class A { static [Symbol.hasInstance](v) { return v instanceof A } } 1 instanceof A',
    overflow,
  ],
  ['a recursion through generators', 'function* g() { yield* g() } [...g()]', overflow],
  ['a recursion through async functions', 'const f = async () => { await f() }; return f()', overflow],
  ['a recursion through eval', 'globalThis.f = () => eval("f()"); f()', { throws: 'stack overflow' }],
  ['a recursion through map', 'const f = () => [1].map(f); f()', overflow],
  [
    'a recursion through species',
    'class P extends Array { static get [Symbol.species]() { return new P(1, 2).map((x) => x) } } new P(1, 2).map((x) => x)',
    overflow,
  ],
  ['deep JSON', 'JSON.parse("[".repeat(1e5))', { throws: 'stack overflow' }],
  [
    'deep JSON written',
    'let a = []; for (let i = 0; i < 5e3; i++) a = [a]; JSON.stringify(a)',
    { throws: 'stack overflow' },
  ],
  ['deep lists as text', 'let a = []; for (let i = 0; i < 2e4; i++) a = [a]; String(a)', overflow],
  ['deep lists flattened', 'let a = []; for (let i = 0; i < 2e4; i++) a = [a]; a.flat(Infinity)', overflow],
  ['deep lists freed', 'let a = []; for (let i = 0; i < 2e4; i++) a = [a]; a = null; return 1', gives(1)],
  [
    'deep closures freed',
    'let f = () => 0; for (let i = 0; i < 2e4; i++) { const g = f; f = () => g } f = null; return 1',
    gives(1),
  ],
  [
    'a chain of promises freed',
    'let p = Promise.resolve(); for (let i = 0; i < 3e3; i++) p = p.then(() => {}); return p',
    gives(undefined),
  ],
  ['deep parentheses', 'eval("(".repeat(1e5))', { throws: 'stack overflow' }],
  ['deep blocks', 'eval("{".repeat(1e5))', { throws: 'stack overflow' }],
  ['deep negations', 'eval("!".repeat(1e5) + 1)', { throws: 'stack overflow' }],
  ['deep arrows', 'eval("a=>".repeat(1e5) + 1)', { throws: 'stack overflow' }],
  ['deep templates', 'eval("`${".repeat(1e5))', { throws: 'stack overflow' }],
  ['a long sum', 'return eval("1" + "+1".repeat(2e5))', 'harmless'],
  ['deep regular expressions', 'new RegExp("(?:".repeat(1e5))', { throws: '' }],
  ['deep proxies', 'let p = {}; for (let i = 0; i < 1e4; i++) p = new Proxy(p, {}); p.x', overflow],
  [
    'deep bound functions',
    'let f = () => 1; for (let i = 0; i < 1e3; i++) f = f.bind(null); return f()',
    overflow,
  ],
  [
    'deep classes',
    'let C = class {}; for (let i = 0; i < 2e3; i++) C = class extends C {}; new C()',
    overflow,
  ],
  ['a search of natives', 'const s = "a".repeat(1e5), p = "a".repeat(5e4) + "b"; for (;;) s.indexOf(p)', gas],
  ['a search from the end', 'const s = "a".repeat(2e5); for (;;) s.lastIndexOf("ab")', gas],
  ['a catastrophic regular expression', '/(x+x+)+y/.test("x".repeat(40))', gas],
  ['a regular expression that looks back', '/(?<=(a+)+)b/.test("a".repeat(5000))', gas],
  ['a regular expression that counts', '/(?:a{1,1000}){1,1000}b/.test("a".repeat(5000))', gas],
  ['a regular expression of many captures', 'new RegExp("(a)".repeat(300))', refused],
  [
    'a regular expression without end',
    'const r = /(?:)/g; let n = 0; for (const m of "a".repeat(10).matchAll(r)) n++; return n',
    gives(11),
  ],
  ['a tower of bigints', 'let x = 3n; for (;;) x = x * x', 'stopped'],
  ['a bigint of a bigint', 'return 2n ** (2n ** 60n)', 'harmless'],
  ['a shifted bigint', 'return 1n << (1n << 60n)', 'harmless'],
  ['a bigint as text', 'const x = 3n ** 300000n; for (;;) String(x)', gas],
  ['a bigint of text', 'BigInt("9".repeat(500000))', 'harmless'],
  ['a list of holes', 'const a = []; a[2 ** 32 - 2] = 1; a.indexOf(2)', 'harmless'],
  ['a list of holes sorted', 'const a = Array(2 ** 32 - 1); a.sort()', 'harmless'],
  ['a list of holes joined', 'Array(2 ** 32 - 1).join("a")', 'harmless'],
  ['something like a list', 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)', gas],
  ['something like a list, reversed', 'Array.prototype.reverse.call({ length: 2 ** 53 - 1 })', gas],
  ['something like a list as arguments', 'Math.max.apply(null, { length: 1e9 })', refused],
  ['many arguments', 'Math.max(...Array(1e6))', 'harmless'],
  ['a sort by a liar', 'const a = Array.from({ length: 1e4 }, (_, i) => i); for (;;) a.sort(() => 1)', gas],
  [
    'a sort that changes its list',
    'const a = Array.from({ length: 1e3 }, (_, i) => i); a.sort((x, y) => { a.length = 0; return x - y }); return 1',
    gives(1),
  ],
  [
    'a sort of bytes that detaches them',
    'const u = new Uint8Array(1000); u.sort(() => { u.buffer.transfer?.(); return 1 }); return 1',
    'harmless',
  ],
  ['a splice that grows', 'const a = [1]; for (;;) a.splice(0, 0, ...a)', 'stopped'],
  ['ropes of text', 'let s = "a"; for (;;) s = s + s', 'harmless'],
  ['ropes of text flattened', 'let s = "a"; for (let i = 0; i < 24; i++) s += s; s.indexOf("b")', 'harmless'],
  ['text repeated', 'return "ab".repeat(2 ** 30)', 'harmless'],
  ['text padded', 'return "".padStart(2 ** 29, "abc")', 'harmless'],
  ['text replaced by itself', 'let s = "aa"; for (;;) s = s.replaceAll("a", s)', 'harmless'],
  ['text joined', 'const a = Array(1000).fill("x".repeat(1e5)); return a.join().length', memory],
  ['a great buffer', 'new ArrayBuffer(2 ** 31 - 1)', 'harmless'],
  ['a greater buffer', 'new ArrayBuffer(2 ** 53)', refused],
  [
    'a buffer that would grow',
    'const b = new ArrayBuffer(8, { maxByteLength: 2 ** 30 }); b.resize(2 ** 30)',
    'harmless',
  ],
  ['many buffers', 'const a = []; for (;;) a.push(new Uint8Array(1e5))', memory],
  ['many objects', 'const a = []; for (;;) a.push({})', 'stopped'],
  ['many names', 'const o = {}; for (let i = 0; ; i++) o["k" + i] = i', 'stopped'],
  ['many symbols', 'const a = []; for (;;) a.push(Symbol())', 'stopped'],
  ['many atoms', 'for (let i = 0; ; i++) Symbol.for("a" + i)', 'stopped'],
  ['many shapes', 'const a = []; for (let i = 0; ; i++) a.push({ ["a" + i]: 1 })', 'stopped'],
  ['many promises', 'const a = []; for (;;) a.push(new Promise(() => {}))', 'stopped'],
  [
    'a map that grows as it is walked',
    'const m = new Map([[0, 0]]); for (const [k] of m) m.set(k + 1, 0)',
    'stopped',
  ],
  [
    'a set that empties and fills as it is walked',
    'const s = new Set([0]); for (const x of s) { s.delete(x); s.add(x + 1) }',
    'stopped',
  ],
  [
    'an infinite chain of promises',
    'const step = () => Promise.resolve().then(step); return step()',
    'stopped',
  ],
  ['an infinite loop of await', 'return (async () => { for (;;) await null })()', gas],
  ['a thenable without end', 'const t = { then(r) { r(t) } }; return Promise.resolve(t)', gas],
  [
    'an iterator without end',
    'return [...{ [Symbol.iterator]: () => ({ next: () => ({ done: false }) }) }]',
    'stopped',
  ],
  [
    'an iterator that throws in return',
    'const i = { [Symbol.iterator]: () => ({ next: () => ({ done: false }), return() { throw 5 } }) }; try { for (const x of i) break } catch (e) { return e }',
    gives(5),
  ],
  ['Array.from without end', 'Array.from({ length: 2 ** 32 })', 'harmless'],
  [
    'a proxy that lists without end',
    'Object.keys(new Proxy({}, { ownKeys: () => Array.from({ length: 1e6 }, (_, i) => "k" + i) }))',
    'stopped',
  ],
  [
    'a proxy of a proxy of itself',
    'const p = new Proxy({}, {}); Object.setPrototypeOf(p, Object.create(p)); p.x',
    'harmless',
  ],
  ['a cyclic prototype', 'const a = {}, b = Object.create(a); a.__proto__ = b', refused],
  ['a cyclic list as text', 'const a = []; a.push(a); String(a)', overflow],
  ['a cyclic object as JSON', 'const a = {}; a.a = a; JSON.stringify(a)', { throws: 'TypeError' }],
  ['JSON with a long indent', 'return JSON.stringify([[[[1]]]], null, " ".repeat(1e6)).length', 'harmless'],
  ['floods of the host', 'for (;;) try { host.get("a") } catch {}', gas],
  ['floods of refusals', 'for (;;) try { host.pay(1000n) } catch {}', gas],
  ['floods of mistaken calls', 'for (;;) try { host.get() } catch {}', gas],
  ['floods of logs', 'for (;;) console.log("a".repeat(1000))', 'harmless'],
  ['floods of chance', 'for (;;) Math.random()', gas],
  ['floods of time', 'for (;;) Date.now()', gas],
  ['storage bloat', 'for (let i = 0; ; i++) host.put("k" + i, new Uint8Array(65536))', 'stopped'],
  ['a value too great for the host', 'host.put("a", new Uint8Array(1e6))', refused],
  ['a key too great for the host', 'host.get("a".repeat(1e6))', refused],
  [
    'a call within a call without end',
    'return host.run("export const main = () => { for (;;); }", 1000000n)',
    gives('sandbox/OUT_OF_GAS'),
  ],
  [
    'a call within a call that takes all memory',
    'return host.run("export const main = () => { const a = []; for (;;) a.push(new Uint8Array(1e6)) }", 100000000n)',
    gives('sandbox/OUT_OF_MEMORY'),
  ],
  [
    'a call within a call that does not load',
    'return host.run("for (;;);", 10000000n)',
    gives('sandbox/OUT_OF_GAS'),
  ],
  [
    'a call within a call that throws',
    'return host.run("export const main = () => { throw 1 }", 10000000n)',
    gives('sandbox/THREW'),
  ],
  ['code made of code', 'let s = "1"; for (;;) { s = "(" + s + "," + s + ")"; eval(s) }', 'harmless'],
  ['many functions', 'for (let i = 0; ; i++) Function("return " + i)', gas],
  [
    'a function of many names',
    'eval("var " + Array.from({ length: 70000 }, (_, i) => "a" + i).join())',
    'harmless',
  ],
  [
    'a function of many arguments',
    'Function(Array.from({ length: 70000 }, (_, i) => "a" + i).join(), "")',
    'harmless',
  ],
  [
    'a switch of many cases',
    'eval("switch (1) {" + Array.from({ length: 20000 }, (_, i) => "case " + i + ":").join("") + "}")',
    'harmless',
  ],
  ['a number as long text', 'return (1e300).toString(2).length + (5e-324).toString(3).length', 'harmless'],
  ['a number to a hundred digits', 'for (;;) (1 / 3).toFixed(100)', gas],
  ['a year far off', 'return new Date(8.64e15 + 1).getTime() + Date.UTC(1e9)', 'harmless'],
  ['text normalised', 'const s = "\\u0344".repeat(50000); for (;;) s.normalize("NFKD")', 'stopped'],
  ['the collector, all the time', 'for (;;) { const a = {}; a.a = a }', gas],
  [
    'getters on indices',
    'const a = []; Object.defineProperty(a, 0, { get() { for (;;); } }); a.map((x) => x)',
    gas,
  ],
  ['valueOf without end', '+{ valueOf() { for (;;); } }', gas],
  ['a lying length', 'Array.prototype.push.call({ get length() { for (;;); } }, 1)', gas],
]

/**
 * The pinned engine multiplies lengths that code gives within 32 bits: at multiples of 2^29 nothing was left of them, and it gave up; just above them it
 * took a little memory for very much, and wrote beyond. What is built into it now sees that no memory is so large.
 */
const sizeOverflows: readonly Attack[] = [
  [
    'a proxy with 2^29 keys',
    'return Reflect.ownKeys(new Proxy({}, { ownKeys: () => ({ length: 2 ** 29 }) }))',
    memory,
  ],
  [
    'a proxy with 2^31 keys, some of them there',
    'return Object.keys(new Proxy({}, { ownKeys: () => ({ length: 2 ** 31, 0: "a", 1: "b" }) }))',
    memory,
  ],
  [
    'rest properties of a proxy of a proxy with 2^31 keys',
    'var { a, ...b } = new Proxy(new Proxy({}, { get: () => 2 ** 31 }), { get: () => 0, ownKeys: (x) => x })',
    memory,
  ],
  [
    'a proxy whose keys overwrite the memory for as long as it bears it',
    'const keys = new Proxy({}, { get: (_, key) => (key === "length" ? 2 ** 29 + 1 : "k" + (key % 99)) }); return Reflect.ownKeys(new Proxy({}, { ownKeys: () => keys }))',
    memory,
  ],
  [
    'a proxy whose keys overwrite the memory until one throws',
    'const keys = new Proxy({}, { get(_, key) { if (key === "length") return 2 ** 29 + 1; if (key > 3000) throw 1; return "k" + key } }); try { Reflect.ownKeys(new Proxy({}, { ownKeys: () => keys })) } catch {}',
    memory,
  ],
  ...[
    'Object.keys(o)',
    'Object.entries(o)',
    'Object.assign({}, o)',
    'Object.freeze(o)',
    'Object.getOwnPropertyDescriptors(o)',
    'Object.fromEntries(Object.entries(o))',
    'JSON.stringify(o)',
    'structured(o)',
    '({ ...o })',
    'Object.defineProperties({}, o)',
  ].map(
    (native): Attack => [
      `${native} of a proxy with 2^29 keys and one more`,
      `const structured = (o) => { for (const key in o) return key }
      const keys = new Proxy({}, { get(_, key) { if (key === "length") return 2 ** 29 + 1; if (key > 3000) throw 1; return "k" + key } })
      const o = new Proxy({}, { ownKeys: () => keys }); try { return ${native} } catch { return "caught" }`,
      memory,
    ],
  ),
  ...['with(2 ** 29, 1)', 'toReversed()', 'toSorted()', 'toSpliced(0, 0)'].map(
    (native): Attack => [
      `${native} of something with 2^29 elements and one more`,
      `let seen = 0
      const o = new Proxy({ with: [].with, toReversed: [].toReversed, toSorted: [].toSorted, toSpliced: [].toSpliced }, {
        get(target, key) { if (key in target) return target[key]; if (key === "length") return 2 ** 29 + 1; if (seen++ > 3000) throw 1; return 7 },
      })
      try { return o.${native} } catch { return "caught" }`,
      memory,
    ],
  ),
]

/**
 * What another fault of the pinned engine lets code do with its own memory: an array over a buffer that shrinks while the array is made keeps its
 * length, so that it reaches what comes to where the buffer was. There it turns the place of another array, and `read(place)` and `write(place, byte)`
 * go anywhere.
 */
export const anywhere = (work: string) => `
  const buffer = new ArrayBuffer(1 << 16, { maxByteLength: 1 << 16 })
  const shrinks = function () {}.bind()
  Object.defineProperty(shrinks, 'prototype', { get: () => (buffer.resize(64), Int32Array.prototype) })
  const words = Reflect.construct(Int32Array, [buffer, 0, 1 << 14], shrinks)
  const many = []; for (let i = 0; i < 50; i++) many.push(new Uint8Array(1))
  const bytes = new Uint8Array(331)
  bytes[8] = 77
  let found
  for (let at = 0; at < words.length && found === undefined; at++) {
    if (words[at] !== 331) continue
    words[at - 1] += 8
    if (bytes[0] === 77) found = at - 1
    words[at - 1] -= 8
  }
  if (found === undefined) throw new Error('not found')
  const home = words[found]
  const read = (place) => { words[found] = place; const byte = bytes[0]; words[found] = home; return byte }
  const write = (place, byte) => { words[found] = place; bytes[0] = byte; words[found] = home }
  ${work}`

const spoilt: readonly Attack[] = [
  ['writes among the engine’s data', anywhere('write(50000, 5); return read(50000)'), gives(5)],
  ['writes to the engine’s stack', anywhere('write(5200000, 5); return read(5200000)'), gives(5)],
  [
    'writes between the engine’s data and its stack',
    anywhere('try { write(1000000, 5) } catch {}; return 1'),
    fault,
  ],
  ['writes above the pages in use', anywhere('write(20000000, 5); return 1'), fault],
  ['writes behind the end of all memory', anywhere('write(40000000, 5); return 1'), fault],
  ['reads behind the end of all memory', anywhere('return read(40000000)'), fault],
  [
    'a typed array that shrinks while it is sorted',
    `const buffer = new ArrayBuffer(256, { maxByteLength: 2560 }); const bytes = new Uint8Array(buffer)
    for (let i = 0; i < 256; i++) bytes[i] = i; bytes[255] = 0; let compared = 0
    bytes.sort((a, b) => { if (++compared === 1734) buffer.resize(10); return a - b }); return bytes.length`,
    gives(10),
  ],
  [
    'a typed array that shrinks while it is copied',
    `const buffer = new ArrayBuffer(4096, { maxByteLength: 4096 }); const words = new Int32Array(buffer)
    return words.with(0, { valueOf: () => (buffer.resize(4), 1) }).length`,
    gives(1024),
  ],
  [
    'a generator that waits within the list of its loop',
    'eval("(function* () { for (const x of [yield 1]) ; })")',
    { throws: 'InternalError: stack underflow' },
  ],
]

export const attacks: readonly Attack[] = [...escapes, ...resources, ...sizeOverflows, ...spoilt]
