//! Words of ONNX: nodes, constants and typed tensors.

use tract_onnx::pb;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};

/// An attribute of integers.
pub(super) fn ints(name: &str, values: &[i64]) -> pb::AttributeProto {
    pb::AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::Ints as i32,
        ints: values.to_vec(),
        ..Default::default()
    }
}

/// An attribute of one integer.
pub(super) fn int(name: &str, value: i64) -> pb::AttributeProto {
    pb::AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::Int as i32,
        i: value,
        ..Default::default()
    }
}

/// A node named after its first output.
pub(super) fn node(
    op: &str,
    inputs: &[&str],
    outputs: &[&str],
    attributes: Vec<pb::AttributeProto>,
) -> pb::NodeProto {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    pb::NodeProto {
        input: owned(inputs),
        output: owned(outputs),
        name: outputs.iter().find(|name| !name.is_empty()).copied().unwrap_or(op).to_owned(),
        op_type: op.to_owned(),
        attribute: attributes,
        ..Default::default()
    }
}

/// A constant of floats.
pub(super) fn floats(name: &str, dims: &[usize], values: &[f32]) -> pb::TensorProto {
    debug_assert_eq!(dims.iter().product::<usize>(), values.len());
    pb::TensorProto {
        dims: dims.iter().map(|&d| d as i64).collect(),
        data_type: DataType::Float as i32,
        name: name.to_owned(),
        raw_data: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        ..Default::default()
    }
}

/// A constant of integers.
pub(super) fn integers(name: &str, values: &[i64]) -> pb::TensorProto {
    pb::TensorProto {
        dims: vec![values.len() as i64],
        data_type: DataType::Int64 as i32,
        name: name.to_owned(),
        raw_data: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        ..Default::default()
    }
}

/// A size: a number, or free under a name.
pub(super) enum Size {
    Is(usize),
    Free(&'static str),
}

/// The declaration of an input or output of floats.
pub(super) fn declare(name: &str, sizes: &[Size]) -> pb::ValueInfoProto {
    let dim = sizes
        .iter()
        .map(|size| Dimension {
            value: Some(match size {
                Size::Is(n) => dimension::Value::DimValue(*n as i64),
                Size::Free(name) => dimension::Value::DimParam((*name).to_owned()),
            }),
            ..Default::default()
        })
        .collect();
    let tensor = pb::type_proto::Tensor {
        elem_type: DataType::Float as i32,
        shape: Some(pb::TensorShapeProto { dim }),
    };
    pb::ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(pb::TypeProto {
            value: Some(pb::type_proto::Value::TensorType(tensor)),
            ..Default::default()
        }),
        ..Default::default()
    }
}
