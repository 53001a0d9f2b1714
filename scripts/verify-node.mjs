// The install script of the package `node` downloads Node for this platform, and package-lock.json does not pin it. This
// script removes the download unless it has the hash below. npm runs it after every installation, on npm's own Node.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';

const VERSION = '24.21.0';
/** SHA-256 of `bin/node` in the packages node-PLATFORM-ARCH of this version. */
const HASHES = {
  'linux-arm64': '0f8949d1028f6d61506b2d5bc57e7e6fe893d7b1997509b7847294fc9c616584',
  'linux-x64': '7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c',
  'win32-x64': 'ba4e6d110e8c1592a1ecd390f6b05f3da124b13871a5be62b341a07a853c6c32',
};

const [root = '.'] = process.argv.slice(2);
const platform = `${process.platform}-${process.arch}`;
const folder = `${root}/node_modules/node`;
const binary = [`${folder}/bin/node.exe`, `${folder}/bin/node`].find(existsSync);
if (binary) verify(binary);

function verify(file) {
  const { version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
  if (version === VERSION && hash === HASHES[platform]) return;
  for (const path of [folder, `${root}/node_modules/.bin/node`]) {
    rmSync(path, { recursive: true, force: true });
  }
  if (version === VERSION && HASHES[platform] === undefined) {
    process.stdout.write(
      `No hash of Node ${VERSION} for ${platform} is pinned (scripts/verify-node.mjs): the download is removed. ` +
        'Use a Node 24 of your own.\n',
    );
    return;
  }
  process.stderr.write(
    `The Node that was downloaded for ${platform} (${version}) is not the pinned one and is removed: its SHA-256 is ${hash}.\n` +
      'If the version was changed on purpose, update scripts/verify-node.mjs.\n',
  );
  process.exitCode = 1;
}
