// Signs made-up requests as the vendors do, and spoils some of them. usage: node sign.mjs FOLDER
import { write } from './case.mjs';

for (const file of ['telephony', 'voice', 'standard', 'business']) await import(`./${file}.mjs`);
write(process.argv[2]);
