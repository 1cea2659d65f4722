"""The other end of a handshake: OpenSSL, by way of pyOpenSSL.

other_stack.py client PORT CA GROUPS       connects, says "ping", prints the group and what it hears
other_stack.py server CERT KEY GROUPS      prints its port, serves one connection the same way
"""

import socket
import sys

from OpenSSL import SSL

lib, ffi = SSL._lib, SSL._ffi


def context(groups):
    made = SSL.Context(SSL.TLS_METHOD)
    made.set_min_proto_version(SSL.TLS1_3_VERSION)
    assert lib.SSL_CTX_set1_curves_list(made._context, groups.encode()) == 1, groups
    return made


def group(connection):
    return ffi.string(lib.SSL_get0_group_name(connection._ssl)).decode()


def client(port, ca, groups):
    tls = context(groups)
    tls.load_verify_locations(ca)
    tls.set_verify(SSL.VERIFY_PEER)
    connection = SSL.Connection(tls, socket.create_connection(("127.0.0.1", int(port))))
    connection.set_connect_state()
    connection.set_tlsext_host_name(b"collector")
    connection.do_handshake()
    connection.sendall(b"ping")
    print(group(connection), connection.recv(16).decode())


def server(cert, key, groups):
    tls = context(groups)
    tls.use_certificate_file(cert)
    tls.use_privatekey_file(key)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    connection = SSL.Connection(tls, listener.accept()[0])
    connection.set_accept_state()
    connection.do_handshake()
    heard = connection.recv(16).decode()
    connection.sendall(b"pong")
    print(group(connection), heard)


if __name__ == "__main__":
    try:
        {"client": client, "server": server}[sys.argv[1]](*sys.argv[2:])
    except (SSL.Error, OSError) as error:
        print("refused", error)
