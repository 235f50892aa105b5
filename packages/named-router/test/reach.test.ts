import { isPublic } from '@mmtchain/named-router/resolve'
import { expect, test } from 'vitest'

test('places of private networks are told from public ones, however they are written', () => {
  const inside = [
    ...[
      'http://127.0.0.1/',
      'http://2130706433/',
      'http://0x7f.1/',
      'http://localhost/',
      'http://a.localhost./',
    ],
    ...[
      'http://10.0.0.1/',
      'http://192.168.1.1/',
      'http://172.16.0.1/',
      'http://169.254.169.254/',
      'http://0/',
    ],
    ...[
      'http://100.64.0.1/',
      'http://[::1]/',
      'http://[::ffff:127.0.0.1]/',
      'http://[fe80::1]/',
      'http://[fd00::1]/',
    ],
    ...[
      'http://[64:ff9b::7f00:1]/',
      'http://[2002:7f00:1::]/',
      'http://[2001:db8::1]/',
      'http://router/',
      'http://metadata.internal/',
    ],
    ...[
      'ftp://example.org/',
      'file:///etc/passwd',
      'http://me@example.org/',
      'nothing',
      'http://255.255.255.255/',
    ],
  ]
  expect(inside.filter(isPublic)).toEqual([])
  const outside = [
    'http://example.org/',
    'https://8.8.8.8/',
    'http://[2606:4700::1111]/',
    'http://172.32.0.1:81/a',
  ]
  expect(outside.filter((url) => !isPublic(url))).toEqual([])
})
