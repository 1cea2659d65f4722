mod keys;
mod pan;
mod secret_bytes;
mod track2;
