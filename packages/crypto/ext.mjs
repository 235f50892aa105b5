import { readFileSync } from 'node:fs'
import * as m from '@mmtchain/crypto'
const load=f=>JSON.parse(readFileSync('/tmp/wp/testvectors_v1/'+f,'utf8'))
const hex=h=>new Uint8Array(Buffer.from(h,'hex'))
const HALF=0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n
{
 const d=load('ecdsa_secp256k1_sha256_p1363_test.json')
 for(const b of ['native','wasm','noble']){m.selectSecp256k1Backend(b);let ok=0,high=0,bad=[]
 for(const g of d.testGroups){const u=hex(g.publicKey.uncompressed);const key=new Uint8Array(33);key[0]=2+(u[64]&1);key.set(u.slice(1,33),1)
  for(const t of g.tests){const sig=hex(t.sig);const got=m.secp256k1.verify({key,message:hex(t.msg),signature:sig});let want=t.result==='valid'
   if(want&&sig.length===64&&BigInt('0x'+t.sig.slice(64))>HALF){want=false;high++}
   if(got===want)ok++;else bad.push(t)}}
 console.log('wycheproof p1363',b,'ok',ok,'of',d.numberOfTests,'(valid upstream but high s:',high,') bad',bad.slice(0,5))}
}
{
 const d=load('ed25519_test.json')
 for(const b of ['openssl','noble']){m.selectEd25519Backend(b);let ok=0,bad=[]
 for(const g of d.testGroups)for(const t of g.tests){const got=m.ed25519.verify({key:hex(g.publicKey.pk),message:hex(t.msg),signature:hex(t.sig)});if(got===(t.result==='valid'))ok++;else bad.push(t)}
 console.log('wycheproof ed25519',b,ok,'of',d.numberOfTests,bad.slice(0,5))}
 const cs=JSON.parse(readFileSync('/tmp/sc/cases.json','utf8'))
 for(const b of ['openssl','noble']){m.selectEd25519Backend(b);console.log('speccheck',b,cs.map(c=>m.ed25519.verify({key:hex(c.pub_key),message:hex(c.message),signature:hex(c.signature)})?'V':'X').join(' '))}
}
{
 const d=load('mldsa_65_verify_test.json');let ok=0,bad=[],ctx=0,n=0
 for(const g of d.testGroups)for(const t of g.tests){if(t.ctx){ctx++;continue}n++;const got=m.mlDsa65.verify({key:hex(g.publicKey),message:hex(t.msg),signature:hex(t.sig)});if(got===(t.result==='valid'))ok++;else bad.push([t.tcId,t.comment,t.result,t.flags])}
 console.log('wycheproof mldsa verify',ok,'of',n,'with context left out',ctx,bad)
 const s=load('mldsa_65_sign_seed_test.json');let o2=0,n2=0,b2=[]
 for(const g of s.testGroups)for(const t of g.tests){if(t.ctx||t.msg===undefined||t.mu!==undefined&&t.msg===undefined)continue;n2++
  let r;try{const seed=hex(g.privateSeed);const pk=m.mlDsa65.publicKey(seed);const sig=m.mlDsa65.sign(hex(t.msg),seed);r=Buffer.from(sig).toString('hex')===t.sig&&(!g.publicKey||Buffer.from(pk).toString('hex')===g.publicKey)}catch(e){r=false}
  if(r===(t.result==='valid'))o2++;else b2.push([t.tcId,t.comment,t.result,t.flags])}
 console.log('wycheproof mldsa sign seed',o2,'of',n2,b2.slice(0,10))
}
