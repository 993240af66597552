// SPDX-License-Identifier: Apache-2.0
// How many quotes a second another verifier judges: npm's @phala/dcap-qvl on
// the quote and collateral that verify_speed takes. Run by bench/compare.sh.
'use strict';
const fs = require('fs');
const path = require('path');
const qvl = require('@phala/dcap-qvl');

const data = process.env.TDXVFS_TESTDATA;
const set = path.join(data,
    'collateral/tdx-v3-b0c06f000000-20250619-e17-platform-369f');
const read = (name) => fs.readFileSync(path.join(set, name));
const text = (name) => read(name).toString('utf8');

// The inner object byte for byte, as this package wants it.
function unwrap(name, member) {
  const whole = text(name);
  const begin = whole.indexOf(`{"${member}":`) + member.length + 4;
  const end = whole.lastIndexOf(',"signature":"');
  return {
    inner: whole.slice(begin, end),
    signature: Buffer.from(JSON.parse(whole).signature, 'hex'),
  };
}

const tcb = unwrap('tcb_info.json', 'tcbInfo');
const identity = unwrap('qe_identity.json', 'enclaveIdentity');
const collateral = {
  pck_crl_issuer_chain: text('pck_crl_issuer_chain.pem'),
  root_ca_crl: read('root_ca_crl.der'),
  pck_crl: read('pck_crl.der'),
  tcb_info_issuer_chain: text('tcb_signing_chain.pem'),
  tcb_info: tcb.inner,
  tcb_info_signature: tcb.signature,
  qe_identity_issuer_chain: text('tcb_signing_chain.pem'),
  qe_identity: identity.inner,
  qe_identity_signature: identity.signature,
};
const quote = fs.readFileSync(
    path.join(data, 'quotes/v4-b0c06f000000-f1c85033-pad70.bin'));
const at = Date.parse('2025-07-04T10:16:31Z') / 1000;

const verify = () => qvl.verify(quote, collateral, at);
for (let i = 0; i < 20; ++i) verify();
const times = 60;
const before = process.cpuUsage();
for (let i = 0; i < times; ++i) verify();
const used = process.cpuUsage(before);
const each = (used.user + used.system) / times;
console.log(`@phala/dcap-qvl: ${each.toFixed(0)} us, ` +
            `${(1e6 / each).toFixed(0)}/s (${verify().status})`);
