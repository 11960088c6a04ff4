from watchkeeper.measure.decode import remote_heard

class Hearing(remote_heard.Hearing):
    @property
    def known(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
