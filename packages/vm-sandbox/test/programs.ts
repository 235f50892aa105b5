import fc from 'fast-check'

/** Values that natives trip over more often than chance would have it. */
const literals = [
  ...['0', '-0', '1', '-1', '2 ** 31', '2 ** 32 - 1', '2 ** 53', '1e308', '5e-324', '0.1', 'NaN', 'Infinity'],
  ...[
    '0n',
    '-1n',
    '2n ** 64n',
    '2n ** 300n',
    '""',
    '"a"',
    '"\\ud800"',
    '"船🚢"',
    '"__proto__"',
    '"length"',
    '"a".repeat(999)',
  ],
  ...[
    'true',
    'null',
    'undefined',
    'this',
    '[]',
    '{ }',
    'globalThis',
    'host',
    'new.target',
    'arguments',
    'Symbol.iterator',
  ],
  ...[
    '/a*/g',
    '/(a+)+b/',
    '/(?<n>.)\\k<n>/u',
    '/\\p{L}/v',
    '[,]',
    '[1, , 3]',
    'Array(1e4)',
    'new Uint8Array(99)',
  ],
  ...[
    'new Map([[1, 2]])',
    'new Set([1])',
    'new Date(1e12)',
    'Promise.resolve(1)',
    'new Proxy({}, {})',
    'new Error("a")',
  ],
  ...[
    'new Float64Array([NaN, -0])',
    'new DataView(new ArrayBuffer(16))',
    '(function* () { yield 1 })()',
    'class { #a = 1 }',
  ],
]

/** Globals and what hangs on them: as the engine has them, so that each of its natives is met. */
const objects =
  'Object Function Array String Number Boolean Symbol BigInt Math JSON Reflect Proxy Map Set WeakMap WeakSet Promise RegExp Date Error AggregateError ArrayBuffer DataView Uint8Array Int32Array Float32Array Float64Array BigUint64Array Iterator globalThis host console'.split(
    ' ',
  )
const methods =
  'apply assign at bind call catch charCodeAt codePointAt concat construct copyWithin create defineProperty defineProperties deleteProperty description difference drop endsWith entries entries every exec fill filter finally find findLast findIndex flat flatMap for forEach freeze from fromCharCode fromCodePoint fromEntries fromAsync getOwnPropertyDescriptor getOwnPropertyDescriptors getOwnPropertyNames getOwnPropertySymbols getPrototypeOf getFloat64 getUint8 groupBy has hasOwn hypot includes indexOf intersection is isArray isExtensible isFrozen isView isWellFormed join keyFor keys lastIndexOf localeCompare map match matchAll max next normalize of ownKeys padEnd padStart parse pop preventExtensions push race raw reduce reduceRight reject repeat replace replaceAll resize resolve return reverse revocable seal search set setFloat64 setPrototypeOf setUint8 shift slice some sort splice split startsWith stringify subarray substring symmetricDifference take test then throw toFixed toISOString toJSON toLocaleString toPrecision toReversed toSorted toSpliced toString toUpperCase toWellFormed transfer trim try union unshift values valueOf with withResolvers asUintN asIntN parseInt get put event pay constructor prototype length name message stack __proto__ lastIndex source flags byteLength buffer size'.split(
    ' ',
  )
const binary = '+ - * / % ** << >> >>> & | ^ && || ?? == === < >= in instanceof ,'.split(' ')
const unary = ['-', '+', '!', '~', 'typeof ', 'void ', 'delete ', '++', '...', 'await ', 'yield ', 'new ']
const names = ['a', 'b', 'c', 'f', 'x']

const name = fc.constantFrom(...names)
const { expression, statement } = fc.letrec<{ expression: string; statement: string }>((tie) => {
  const one = tie('expression')
  const list = fc.array(one, { maxLength: 3 }).map((parts) => parts.join(', '))
  const block = fc.array(tie('statement'), { maxLength: 3 }).map((lines) => `{ ${lines.join('; ')} }`)
  return {
    expression: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom(...literals),
      name,
      fc.constantFrom(...objects),
      fc.integer().map(String),
      fc.tuple(one, fc.constantFrom(...binary), one).map(([l, op, r]) => `(${l} ${op} ${r})`),
      fc
        .tuple(fc.constantFrom(...unary), one)
        .map(([op, of]) => (op === '...' ? `[...${of}]` : `(${op}${of})`)),
      fc
        .tuple(one, fc.constantFrom(...methods), list)
        .map(([of, method, args]) => `(${of})?.${method}?.(${args})`),
      fc
        .tuple(fc.constantFrom(...objects), fc.constantFrom(...methods), list)
        .map(([of, method, args]) => `${of}.${method}?.(${args})`),
      fc
        .tuple(fc.constantFrom(...objects), fc.constantFrom(...methods), one, list)
        .map(([of, method, self, args]) => `${of}.prototype?.${method}?.call(${self}, ${args})`),
      fc.tuple(fc.constantFrom(...objects), list).map(([of, args]) => `new ${of}(${args})`),
      fc.tuple(one, one).map(([of, key]) => `(${of})?.[${key}]`),
      fc.tuple(name, one).map(([to, value]) => `(${to} = ${value})`),
      fc.tuple(one, one, one).map(([of, key, value]) => `((${of})[${key}] = ${value})`),
      list.map((parts) => `[${parts}]`),
      fc
        .tuple(fc.constantFrom(...methods), one, one)
        .map(
          ([key, value, other]) =>
            `({ ${key}: ${value}, get x() { return ${other} }, [Symbol.iterator]: f, valueOf() { return ${other} } })`,
        ),
      fc.tuple(name, one).map(([arg, body]) => `((${arg}, b = f) => ${body})`),
      fc
        .tuple(fc.constantFrom('function ', 'function* ', 'async function ', 'async function* '), block)
        .map(([kind, body]) => `(${kind}(...a) ${body})`),
      fc
        .tuple(one, block)
        .map(([parent, body]) => `(class x extends (${parent}) { static y = 1; constructor(a) ${body} })`),
      one.map((code) => `eval(${JSON.stringify(code)})`),
      one.map((code) => `Function("a", ${JSON.stringify(`return ${code}`)})`),
      fc
        .tuple(one, one)
        .map(
          ([target, trap]) => `new Proxy(Object(${target}), { get: (...a) => ${trap}, ownKeys: f, has: f })`,
        ),
    ),
    statement: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      one,
      fc.tuple(name, one).map(([to, value]) => `var ${to} = ${value}`),
      fc.tuple(one, block, block).map(([when, yes, no]) => `if (${when}) ${yes} else ${no}`),
      fc.tuple(one, block).map(([when, body]) => `while (${when}) ${body}`),
      fc
        .tuple(name, one, block, fc.constantFrom('of', 'in'))
        .map(([each, of, body, how]) => `for (var ${each} ${how} ${of}) ${body}`),
      fc
        .tuple(block, block, block)
        .map(([body, caught, last]) => `try ${body} catch (e) ${caught} finally ${last}`),
      one.map((value) => `throw ${value}`),
      one.map((value) => `return ${value}`),
      fc.tuple(name, one).map(([to, from]) => `var { ${to}, ...b } = ${from}`),
      fc
        .tuple(fc.constantFrom(...objects), fc.constantFrom(...methods), one)
        .map(([of, method, value]) => `try { ${of}.prototype.${method} = ${value} } catch {}`),
    ),
  }
})

/** Programs that mostly parse, and do much of what the language can. Each statement goes on where the one before it threw. */
export const program = fc
  .tuple(fc.constantFrom('', 'async '), fc.array(statement, { minLength: 1, maxLength: 6 }), expression)
  .map(
    ([kind, lines, result]) =>
      `export ${kind}function main(a, b, c) { let x, n = 0; var f = (...y) => n++ > 50 ? 1 : y[0];\n${lines
        .map((line) => `try { eval(${JSON.stringify(line)}) } catch (e) { x = e }`)
        .join('\n')}\nreturn ${result} }`,
  )
