"""Files that several tests of data make."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def write_dicom():
    """``write_dicom(path, pixels, **tags)`` makes a DICOM file of some stored values.

    ``coded`` is a transfer syntax and the frames coded by it, and ``syntax`` one that compresses
    nothing; tags in ``without`` are left out.
    """

    def write(path, pixels, coded=None, syntax=None, without=(), **tags):
        from pydicom.dataset import Dataset, FileMetaDataset
        from pydicom.encaps import encapsulate
        from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

        pixels = np.asarray(pixels)
        signed = pixels.dtype.kind == "i"
        samples = 3 if pixels.shape[-1] == 3 else 1
        rows, columns = pixels.shape[-3:-1] if samples == 3 else pixels.shape[-2:]
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
        dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
        dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = rows, columns, samples
        dataset.PhotometricInterpretation = "RGB" if samples == 3 else "MONOCHROME2"
        if samples == 3:
            dataset.PlanarConfiguration = 0
        bits = 8 * pixels.dtype.itemsize
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
        dataset.PixelRepresentation = int(signed)
        if pixels.ndim > 2 + (samples == 3):
            dataset.NumberOfFrames = len(pixels)
        for name, value in tags.items():
            setattr(dataset, name, value)
        for name in without:
            delattr(dataset, name)
        if syntax:
            dataset.file_meta.TransferSyntaxUID = syntax
        order = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
        dataset.PixelData = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
        if coded:
            dataset.file_meta.TransferSyntaxUID, frames = coded
            dataset.PixelData = encapsulate(frames)
        dataset.save_as(path, enforce_file_format=True)
        return path

    return write
