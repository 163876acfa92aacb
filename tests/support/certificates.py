"""Certificates made on the spot, and a server that shows one."""

import contextlib
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def make(folder, names, days):
    """Write a certificate for some hosts, which signs itself, and its key.

    :param Path folder: where to
    :param list names: the hosts; none at all is a certificate without that extension
    :param float days: for how long from now it is good; negative: since when it is not
    :return: the path of the file that holds both
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
    encoding = serialization.Encoding.PEM
    path = folder / "certificate.pem"
    path.write_bytes(
        builder.sign(key, hashes.SHA256()).public_bytes(encoding)
        + key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@contextlib.contextmanager
def shown(path):
    """Give the address of a server that shows a certificate, and the list of the names that were asked for."""
    context, asked = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), []
    context.load_cert_chain(path)
    context.sni_callback = lambda _connection, name, _context: asked.append(name)
    with listening() as (listener, address):

        def serve():
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:  # closed: the test is over
                    return
                with connection, contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True):
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield address, asked
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextlib.contextmanager
def listening():
    """Give a socket that listens and answers nothing by itself, and its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener, listener.getsockname()
