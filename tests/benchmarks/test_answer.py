"""
Tests of L{benchmarks.answer}.
"""

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.answer import Answer, LoadError, json_of, parse_answer, retry_after


class ParseTests(SynchronousTestCase):
    """
    Reading one answer from what has come so far.
    """

    def test_length(self) -> None:
        """
        An answer with a length is complete at its last byte and not before, in
        whatever pieces it comes.
        """
        whole = b"HTTP/1.1 401 No\r\nX: y\r\ncontent-LENGTH: 2\r\nZ: z\r\n\r\n{}"
        for end in range(len(whole)):
            self.assertIsNone(parse_answer(whole[:end]), end)
        self.assertEqual(parse_answer(whole), Answer(401, b"{}"))

    def test_chunks(self) -> None:
        """
        A chunked answer is complete after its last chunk.
        """
        whole = (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
        )
        self.assertIsNone(parse_answer(whole[:-1]))
        self.assertEqual(parse_answer(whole).status, 200)

    def test_length_in_body(self) -> None:
        """
        What looks like a length in the body is not one.
        """
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        body = b"13\r\n\r\nContent-Length: 1\r\n0\r\n\r\n"
        self.assertEqual(parse_answer(head + body), Answer(200, body))

    def test_refused(self) -> None:
        """
        An answer that can't be delimited, is of another protocol, or is longer
        than it says ends the measurement.
        """
        for data in (
            b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
            b"SSH-2.0-OpenSSH\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{}",
        ):
            self.assertRaises(LoadError, parse_answer, data)


class JsonTests(SynchronousTestCase):
    """
    What an answer says.
    """

    def test_pieces(self) -> None:
        """
        It is the same in one piece and in chunks.
        """
        for body in (b'{"a": 1}', b'4\r\n{"a"\r\n4\r\n: 1}\r\n0\r\n\r\n'):
            self.assertEqual(json_of(Answer(200, body)), {"a": 1})

    def test_no_json(self) -> None:
        """
        What is neither is not JSON.
        """
        for body in (b"", b"<html>", b"{"):
            self.assertRaises(ValueError, json_of, Answer(200, body))


class RetryAfterTests(SynchronousTestCase):
    """
    How long a 429 asks a client to wait.
    """

    def test_milliseconds(self) -> None:
        """
        It is told in milliseconds.
        """
        answer = Answer(429, b'{"retry_after_ms": 1500}')
        self.assertEqual(retry_after(answer), 1.5)

    def test_unknown(self) -> None:
        """
        A 429 that does not say is tried again after half a second.
        """
        for body in (b"", b"{}", b"[]", b'{"retry_after_ms": null}', b"\xff"):
            self.assertEqual(retry_after(Answer(429, body)), 0.5, body)
